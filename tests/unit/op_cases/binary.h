/* Cases of compute_ops_binary_test.c: expected values from ONNX Runtime 1.30. */
// clang-format off
{.name = "equal shapes", .type = "Add", .opset = 7, .inputs = {
 "f32[2,3]: -0.5 1.32 -3 -1.19 -2.12 -2.45", "f32[2,3]: 2.31 1.08 2.65 2.31 2.26 1.99"}, .outputs
 = {"f32[2,3]: 1.81 2.4 -0.3499999 1.1199999 0.1400001 -0.46000004"}},
{.name = "broadcast both ways", .type = "Add", .opset = 14, .inputs = {
 "f32[2,1,3]: 0.3 1.25 -1.25 0.06 2.36 2.38", "f32[4,1]: 3.9 2.64 3.92 3.14"}, .outputs = {
 "f32[2,4,3]: 4.2000003 5.15 2.65 2.94 3.89 1.3900001 4.2200003 5.17 2.67 3.44 "
 "4.3900003 1.8900001 3.96 6.26 6.28 2.7 5 5.0200005 3.98 6.2799997 6.3 3.2 5.5 ""5.5200005"}},
{.name = "a scalar", .type = "Add", .opset = 13, .inputs = {"i32[2,3]: 15 -6 18 -4 -11 -12",
 "i32[]: 4"}, .outputs = {"i32[2,3]: 19 -2 22 0 -7 -8"}},
{.name = "the left one repeated", .type = "Add", .opset = 13, .inputs = {"i64[3]: -16 5 -17",
 "i64[2,3]: -4 -3 -6 -6 -5 -7"}, .outputs = {"i64[2,3]: -20 2 -23 -22 0 -24"}},
{.name = "bytes", .type = "Add", .opset = 14, .inputs = {"u8[3]: 250 7 100", "u8[3]: 10 9 3"},
 .outputs = {"u8[3]: 4 16 103"}},
{.name = "equal shapes", .type = "Sub", .opset = 7, .inputs = {
 "f32[2,3]: -0.5 1.32 -3 -1.19 -2.12 -2.45", "f32[2,3]: 2.31 1.08 2.65 2.31 2.26 1.99"}, .outputs
 = {"f32[2,3]: -2.81 0.24000001 -5.65 -3.5 -4.38 -4.44"}},
{.name = "broadcast both ways", .type = "Sub", .opset = 14, .inputs = {
 "f32[2,1,3]: 0.3 1.25 -1.25 0.06 2.36 2.38", "f32[4,1]: 3.9 2.64 3.92 3.14"}, .outputs = {
 "f32[2,4,3]: -3.6000001 -2.65 -5.15 -2.3400002 -1.3900001 -3.89 -3.6200001 -2.67 "
 "-5.17 -2.8400002 -1.8900001 -4.3900003 -3.8400002 -1.5400002 -1.52 -2.5800002 "
 "-0.2800002 -0.26 -3.8600001 -1.5600002 -1.54 -3.0800002 -0.7800002 -0.76"}},
{.name = "a scalar", .type = "Sub", .opset = 13, .inputs = {"i32[2,3]: 15 -6 18 -4 -11 -12",
 "i32[]: 4"}, .outputs = {"i32[2,3]: 11 -10 14 -8 -15 -16"}},
{.name = "the left one repeated", .type = "Sub", .opset = 13, .inputs = {"i64[3]: -16 5 -17",
 "i64[2,3]: -4 -3 -6 -6 -5 -7"}, .outputs = {"i64[2,3]: -12 8 -11 -10 10 -10"}},
{.name = "bytes", .type = "Sub", .opset = 14, .inputs = {"u8[3]: 250 7 100", "u8[3]: 10 9 3"},
 .outputs = {"u8[3]: 240 254 97"}},
{.name = "equal shapes", .type = "Mul", .opset = 7, .inputs = {
 "f32[2,3]: -0.5 1.32 -3 -1.19 -2.12 -2.45", "f32[2,3]: 2.31 1.08 2.65 2.31 2.26 1.99"}, .outputs
 = {"f32[2,3]: -1.155 1.4256002 -7.9500003 -2.7489002 -4.7911997 -4.8755"}},
{.name = "broadcast both ways", .type = "Mul", .opset = 14, .inputs = {
 "f32[2,1,3]: 0.3 1.25 -1.25 0.06 2.36 2.38", "f32[4,1]: 3.9 2.64 3.92 3.14"}, .outputs = {
 "f32[2,4,3]: 1.1700001 4.875 -4.875 0.79200006 3.3000002 -3.3000002 1.1760001 4.9 "
 "-4.9 0.9420001 3.9250002 -3.9250002 0.234 9.2039995 9.282001 0.1584 6.2304 "
 "6.2832007 0.2352 9.2512 9.3296 0.1884 7.4104 7.473201"}},
{.name = "a scalar", .type = "Mul", .opset = 13, .inputs = {"i32[2,3]: 15 -6 18 -4 -11 -12",
 "i32[]: 4"}, .outputs = {"i32[2,3]: 60 -24 72 -16 -44 -48"}},
{.name = "the left one repeated", .type = "Mul", .opset = 13, .inputs = {"i64[3]: -16 5 -17",
 "i64[2,3]: -4 -3 -6 -6 -5 -7"}, .outputs = {"i64[2,3]: 64 -15 102 96 -25 119"}},
{.name = "bytes", .type = "Mul", .opset = 14, .inputs = {"u8[3]: 250 7 100", "u8[3]: 10 9 3"},
 .outputs = {"u8[3]: 196 63 44"}},
{.name = "equal shapes", .type = "Div", .opset = 7, .inputs = {
 "f32[2,3]: -0.5 1.32 -3 -1.19 -2.12 -2.45", "f32[2,3]: 2.31 1.08 2.65 2.31 2.26 1.99"}, .outputs
 = {"f32[2,3]: -0.21645021 1.2222222 -1.1320754 -0.51515156 -0.9380531 -1.2311558"}},
{.name = "broadcast both ways", .type = "Div", .opset = 14, .inputs = {
 "f32[2,1,3]: 0.3 1.25 -1.25 0.06 2.36 2.38", "f32[4,1]: 3.9 2.64 3.92 3.14"}, .outputs = {
 "f32[2,4,3]: 0.07692308 0.3205128 -0.3205128 0.11363637 0.47348484 -0.47348484 "
 "0.07653061 0.31887755 -0.31887755 0.0955414 0.39808917 -0.39808917 0.0153846145 "
 "0.60512817 0.61025643 0.022727272 0.8939393 0.9015152 0.015306122 0.60204077 "
 "0.60714287 0.019108279 0.7515923 0.7579618"}},
{.name = "a scalar", .type = "Div", .opset = 13, .inputs = {"i32[2,3]: 15 -6 18 -4 -11 -12",
 "i32[]: 4"}, .outputs = {"i32[2,3]: 3 -1 4 -1 -2 -3"}},
{.name = "the left one repeated", .type = "Div", .opset = 13, .inputs = {"i64[3]: -16 5 -17",
 "i64[2,3]: -4 -3 -6 -6 -5 -7"}, .outputs = {"i64[2,3]: 4 -1 2 2 -1 2"}},
{.name = "bytes", .type = "Div", .opset = 14, .inputs = {"u8[3]: 250 7 100", "u8[3]: 10 9 3"},
 .outputs = {"u8[3]: 25 0 33"}},
{.name = "truncates towards zero", .type = "Div", .opset = 13, .inputs = {"i64[4]: 7 -7 7 -7",
 "i64[4]: 2 2 -2 -2"}, .outputs = {"i64[4]: 3 -3 -3 3"}},
{.name = "by zero", .type = "Div", .opset = 13, .inputs = {"f32[3]: 1 -1 0", "f32[3]: 0 0 0"},
 .outputs = {"f32[3]: inf -inf nan"}},
{.name = "floats", .type = "Pow", .opset = 7, .inputs = {"f32[4]: 2 3 0.5 9", "f32[4]: 2 -1 3 0.5"
 }, .outputs = {"f32[4]: 4 0.33333334 0.125 3"}},
{.name = "mixed types", .type = "Pow", .opset = 13, .inputs = {"f32[3]: 2 -3 4", "f32[3]: 3 2 1"},
 .outputs = {"f32[3]: 8 9 4"}},
{.name = "mixed types", .type = "Pow", .opset = 13, .inputs = {"i32[3]: 2 -3 4", "f32[3]: 3 2 1"},
 .outputs = {"i32[3]: 8 9 4"}},
{.name = "mixed types", .type = "Pow", .opset = 13, .inputs = {"i64[3]: 2 -3 4", "f32[3]: 3 2 1"},
 .outputs = {"i64[3]: 8 9 4"}},
{.name = "mixed types", .type = "Pow", .opset = 13, .inputs = {"f32[3]: 2 -3 4", "i32[3]: 3 2 1"},
 .outputs = {"f32[3]: 8 9 4"}},
{.name = "mixed types", .type = "Pow", .opset = 13, .inputs = {"i32[3]: 2 -3 4", "i32[3]: 3 2 1"},
 .outputs = {"i32[3]: 8 9 4"}},
{.name = "mixed types", .type = "Pow", .opset = 13, .inputs = {"i64[3]: 2 -3 4", "i32[3]: 3 2 1"},
 .outputs = {"i64[3]: 8 9 4"}},
{.name = "mixed types", .type = "Pow", .opset = 13, .inputs = {"f32[3]: 2 -3 4", "i64[3]: 3 2 1"},
 .outputs = {"f32[3]: 8 9 4"}},
{.name = "mixed types", .type = "Pow", .opset = 13, .inputs = {"i32[3]: 2 -3 4", "i64[3]: 3 2 1"},
 .outputs = {"i32[3]: 8 9 4"}},
{.name = "mixed types", .type = "Pow", .opset = 13, .inputs = {"i64[3]: 2 -3 4", "i64[3]: 3 2 1"},
 .outputs = {"i64[3]: 8 9 4"}},
{.name = "squared", .type = "Pow", .opset = 15, .inputs = {"f32[2,2]: 1 2 3 4", "f32[]: 2"},
 .outputs = {"f32[2,2]: 1 4 9 16"}},
{.name = "a slope per channel", .type = "PRelu", .opset = 16, .inputs = {
 "f32[1,3,2]: -2.94 0.01 -0.03 -2.2 -2.15 -1.69", "f32[3,1]: 0.25 0.5 2"}, .outputs = {
 "f32[1,3,2]: -0.735 0.01 -0.015 -1.1 -4.3 -3.38"}},
{.name = "one slope", .type = "PRelu", .opset = 9, .inputs = {
 "f32[2,3]: 1.63 -2.88 0.8 1.49 -0.01 -1.65", "f32[1]: 0.1"}, .outputs = {
 "f32[2,3]: 1.63 -0.28800002 0.8 1.49 -0.001 -0.165"}},
{.type = "Equal", .opset = 13, .inputs = {"f32[2,3]: 1 2 3 nan 5 6", "f32[3]: 1 3 2"}, .outputs =
 {"bool[2,3]: 1 0 0 0 0 0"}},
{.type = "Equal", .opset = 13, .inputs = {"i32[2,3]: 1 0 1 1 0 1", "i32[3]: 2 1 1"}, .outputs = {
 "bool[2,3]: 0 0 1 0 0 1"}},
{.type = "Equal", .opset = 13, .inputs = {"i64[2,3]: 1 0 1 1 0 1", "i64[3]: 2 1 1"}, .outputs = {
 "bool[2,3]: 0 0 1 0 0 1"}},
{.type = "Greater", .opset = 13, .inputs = {"f32[2,3]: 1 2 3 nan 5 6", "f32[3]: 1 3 2"}, .outputs
 = {"bool[2,3]: 0 0 1 0 1 1"}},
{.type = "Greater", .opset = 13, .inputs = {"i32[2,3]: 1 0 1 1 0 1", "i32[3]: 2 1 1"}, .outputs =
 {"bool[2,3]: 0 0 0 0 0 0"}},
{.type = "Greater", .opset = 13, .inputs = {"i64[2,3]: 1 0 1 1 0 1", "i64[3]: 2 1 1"}, .outputs =
 {"bool[2,3]: 0 0 0 0 0 0"}},
{.type = "Less", .opset = 13, .inputs = {"f32[2,3]: 1 2 3 nan 5 6", "f32[3]: 1 3 2"}, .outputs = {
 "bool[2,3]: 0 1 0 0 0 0"}},
{.type = "Less", .opset = 13, .inputs = {"i32[2,3]: 1 0 1 1 0 1", "i32[3]: 2 1 1"}, .outputs = {
 "bool[2,3]: 1 1 0 1 1 0"}},
{.type = "Less", .opset = 13, .inputs = {"i64[2,3]: 1 0 1 1 0 1", "i64[3]: 2 1 1"}, .outputs = {
 "bool[2,3]: 1 1 0 1 1 0"}},
{.type = "GreaterOrEqual", .opset = 16, .inputs = {"f32[2,3]: 1 2 3 nan 5 6", "f32[3]: 1 3 2"},
 .outputs = {"bool[2,3]: 1 0 1 0 1 1"}},
{.type = "GreaterOrEqual", .opset = 16, .inputs = {"i32[2,3]: 1 0 1 1 0 1", "i32[3]: 2 1 1"},
 .outputs = {"bool[2,3]: 0 0 1 0 0 1"}},
{.type = "GreaterOrEqual", .opset = 16, .inputs = {"i64[2,3]: 1 0 1 1 0 1", "i64[3]: 2 1 1"},
 .outputs = {"bool[2,3]: 0 0 1 0 0 1"}},
{.type = "LessOrEqual", .opset = 16, .inputs = {"f32[2,3]: 1 2 3 nan 5 6", "f32[3]: 1 3 2"},
 .outputs = {"bool[2,3]: 1 1 0 0 0 0"}},
{.type = "LessOrEqual", .opset = 16, .inputs = {"i32[2,3]: 1 0 1 1 0 1", "i32[3]: 2 1 1"},
 .outputs = {"bool[2,3]: 1 1 1 1 1 1"}},
{.type = "LessOrEqual", .opset = 16, .inputs = {"i64[2,3]: 1 0 1 1 0 1", "i64[3]: 2 1 1"},
 .outputs = {"bool[2,3]: 1 1 1 1 1 1"}},
{.type = "Equal", .opset = 11, .inputs = {"bool[4]: 0 0 1 1", "bool[4]: 0 1 0 1"}, .outputs = {
 "bool[4]: 1 0 0 1"}},
{.type = "Equal", .opset = 13, .inputs = {"u8[3]: 1 255 0", "u8[3]: 1 254 0"}, .outputs = {
 "bool[3]: 1 0 1"}},
{.type = "Greater", .opset = 13, .inputs = {"u8[3]: 1 255 0", "u8[3]: 1 254 2"}, .outputs = {
 "bool[3]: 0 1 0"}},
{.type = "And", .opset = 7, .inputs = {"bool[4]: 0 0 1 1", "bool[4]: 0 1 0 1"}, .outputs = {
 "bool[4]: 0 0 0 1"}},
{.name = "broadcast", .type = "And", .opset = 7, .inputs = {"bool[2,1]: 0 1", "bool[2]: 0 1"},
 .outputs = {"bool[2,2]: 0 0 0 1"}},
{.type = "Or", .opset = 7, .inputs = {"bool[4]: 0 0 1 1", "bool[4]: 0 1 0 1"}, .outputs = {
 "bool[4]: 0 1 1 1"}},
{.name = "broadcast", .type = "Or", .opset = 7, .inputs = {"bool[2,1]: 0 1", "bool[2]: 0 1"},
 .outputs = {"bool[2,2]: 0 1 1 1"}},
{.type = "Xor", .opset = 7, .inputs = {"bool[4]: 0 0 1 1", "bool[4]: 0 1 0 1"}, .outputs = {
 "bool[4]: 0 1 1 0"}},
{.name = "broadcast", .type = "Xor", .opset = 7, .inputs = {"bool[2,1]: 0 1", "bool[2]: 0 1"},
 .outputs = {"bool[2,2]: 0 1 1 0"}},
{.name = "three", .type = "Min", .opset = 13, .inputs = {"f32[2,3]: 7 2.14 7.42 8.69 8.75 4.08",
 "f32[3]: 4.63 6.96 7.83", "f32[2,1]: 7.64 1.61"}, .outputs = {
 "f32[2,3]: 4.63 2.14 7.42 1.61 1.61 1.61"}},
{.name = "three", .type = "Min", .opset = 13, .inputs = {"i32[2,3]: 2 0 0 6 2 4", "i32[3]: 8 6 7",
 "i32[2,1]: 8 5"}, .outputs = {"i32[2,3]: 2 0 0 5 2 4"}},
{.name = "three", .type = "Min", .opset = 13, .inputs = {"i64[2,3]: 2 0 0 6 2 4", "i64[3]: 8 6 7",
 "i64[2,1]: 8 5"}, .outputs = {"i64[2,3]: 2 0 0 5 2 4"}},
{.name = "three", .type = "Min", .opset = 13, .inputs = {"u8[2,3]: 2 0 0 6 2 4", "u8[3]: 8 6 7",
 "u8[2,1]: 8 5"}, .outputs = {"u8[2,3]: 2 0 0 5 2 4"}},
{.name = "NaN stays", .type = "Min", .opset = 8, .inputs = {"f32[3]: 1 nan 3", "f32[3]: nan 1 2"},
 .outputs = {"f32[3]: nan nan 2"}},
{.name = "one", .type = "Min", .opset = 8, .inputs = {"f32[3]: 1 2 3"}, .outputs = {
 "f32[3]: 1 2 3"}},
{.name = "three", .type = "Max", .opset = 13, .inputs = {"f32[2,3]: 7 2.14 7.42 8.69 8.75 4.08",
 "f32[3]: 4.63 6.96 7.83", "f32[2,1]: 7.64 1.61"}, .outputs = {
 "f32[2,3]: 7.64 7.64 7.83 8.69 8.75 7.83"}},
{.name = "three", .type = "Max", .opset = 13, .inputs = {"i32[2,3]: 2 0 0 6 2 4", "i32[3]: 8 6 7",
 "i32[2,1]: 8 5"}, .outputs = {"i32[2,3]: 8 8 8 8 6 7"}},
{.name = "three", .type = "Max", .opset = 13, .inputs = {"i64[2,3]: 2 0 0 6 2 4", "i64[3]: 8 6 7",
 "i64[2,1]: 8 5"}, .outputs = {"i64[2,3]: 8 8 8 8 6 7"}},
{.name = "three", .type = "Max", .opset = 13, .inputs = {"u8[2,3]: 2 0 0 6 2 4", "u8[3]: 8 6 7",
 "u8[2,1]: 8 5"}, .outputs = {"u8[2,3]: 8 8 8 8 6 7"}},
{.name = "NaN stays", .type = "Max", .opset = 8, .inputs = {"f32[3]: 1 nan 3", "f32[3]: nan 1 2"},
 .outputs = {"f32[3]: nan nan 3"}},
{.name = "one", .type = "Max", .opset = 8, .inputs = {"f32[3]: 1 2 3"}, .outputs = {
 "f32[3]: 1 2 3"}},
{.name = "three, broadcast", .type = "Sum", .opset = 8, .inputs = {
 "f32[2,1,2]: -1.66 0.14 0.3 -2.73", "f32[3,1]: -1.23 0.18 -1.85", "f32[]: 0.9"}, .outputs = {
 "f32[2,3,2]: -1.9899999 -0.19000006 -0.58000004 1.22 -2.6100001 -0.81000006 "
 "-0.030000031 -3.06 1.38 -1.65 -0.65 -3.6799998"}},
{.name = "one", .type = "Sum", .opset = 13, .inputs = {"f32[2,2]: -2.41 1.57 -1.52 -2.17"},
 .outputs = {"f32[2,2]: -2.41 1.57 -1.52 -2.17"}},
{.name = "two", .type = "Sum", .opset = 6, .inputs = {"f32[2,2]: 0.53 2.39 2.35 1.9",
 "f32[2,2]: -2.71 -1.27 1.33 -2.87"}, .outputs = {"f32[2,2]: -2.18 1.1200001 3.6799998 -0.9699999"
 }},
{.name = "three, broadcast", .type = "Mean", .opset = 8, .inputs = {
 "f32[2,1,2]: -1.66 0.14 0.3 -2.73", "f32[3,1]: -1.23 0.18 -1.85", "f32[]: 0.9"}, .outputs = {
 "f32[2,3,2]: -0.6633333 -0.063333355 -0.19333336 0.4066667 -0.87000006 "
 "-0.27000004 -0.010000011 -1.02 0.46 -0.55 -0.21666667 -1.2266667"}},
{.name = "one", .type = "Mean", .opset = 13, .inputs = {"f32[2,2]: -2.41 1.57 -1.52 -2.17"},
 .outputs = {"f32[2,2]: -2.41 1.57 -1.52 -2.17"}},
{.name = "two", .type = "Mean", .opset = 6, .inputs = {"f32[2,2]: 0.53 2.39 2.35 1.9",
 "f32[2,2]: -2.71 -1.27 1.33 -2.87"}, .outputs = {
 "f32[2,2]: -1.09 0.56000006 1.8399999 -0.48499995"}},
{.type = "Where", .opset = 9, .inputs = {"bool[2,1]: 1 0", "f32[3]: -1.75 -0.11 -0.48",
 "f32[2,3]: 0.1 2.68 1.59 -1.31 -1.67 1.12"}, .outputs = {
 "f32[2,3]: -1.75 -0.11 -0.48 -1.31 -1.67 1.12"}},
{.type = "Where", .opset = 9, .inputs = {"bool[2,1]: 1 0", "i32[3]: -5 3 -9",
 "i32[2,3]: -3 -1 0 -1 4 3"}, .outputs = {"i32[2,3]: -5 3 -9 -1 4 3"}},
{.type = "Where", .opset = 9, .inputs = {"bool[2,1]: 1 0", "i64[3]: -5 3 -9",
 "i64[2,3]: -3 -1 0 -1 4 3"}, .outputs = {"i64[2,3]: -5 3 -9 -1 4 3"}},
{.type = "Where", .opset = 9, .inputs = {"bool[2,1]: 1 0", "u8[3]: 5 4 0", "u8[2,3]: 3 6 8 9 6 8"
 }, .outputs = {"u8[2,3]: 5 4 0 9 6 8"}},
{.name = "x and y broadcast each other", .type = "Where", .opset = 16, .inputs = {"bool[]: 1",
 "f32[2,1]: -1.75 -0.11", "f32[1,2]: 0.1 2.68"}, .outputs = {"f32[2,2]: -1.75 -1.75 -0.11 -0.11"
 }},
{.name = "nothing", .type = "Add", .opset = 13, .inputs = {"f32[0,3]:", "f32[3]: 1 1 1"}, .outputs
 = {"f32[0,3]:"}},
{.name = "alternating", .type = "Add", .opset = 13, .inputs = {
 "f32[2,1,2,1,2]: 0.86 -0.72 0.98 -2.02 2.78 -0.92 2.95 -1.59",
 "f32[3,1,2,1]: -1.28 2.75 1.62 2.92 -1.75 -2.18"}, .outputs = {
 "f32[2,3,2,2,2]: -0.41999996 -2 3.6100001 2.03 -0.29999995 -3.3 3.73 0.73 2.48 "
 "0.9 3.7800002 2.2 2.6 -0.39999998 3.9 0.9000001 -0.89 -2.47 -1.32 -2.9 -0.77 "
 "-3.77 -1.2 -4.2 1.5 -2.2 5.5299997 1.8299999 1.6700001 -2.87 5.7 1.16 4.4 0.7 "
 "5.7 2 4.57 0.029999971 5.87 1.33 1.03 -2.67 0.5999999 -3.1000001 1.2 -3.3400002 ""0.77 -3.77"}},
{.type = "Where", .opset = 9, .inputs = {"bool[2]: 1 0", "bool[2]: 1 0", "bool[2]: 0 1"}, .outputs
 = {"bool[2]: 1 1"}},
