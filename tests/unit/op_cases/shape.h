/* Cases of compute_ops_shape_test.c: expected values from ONNX Runtime 1.30. */
// clang-format off
{.type = "Reshape", .opset = 13, .inputs = {"f32[2,3]: 0 1 2 3 4 5", "i64[2]: 3 2"}, .outputs = {
 "f32[3,2]: 0 1 2 3 4 5"}},
{.type = "Reshape", .opset = 13, .inputs = {"i32[2,3]: 0 1 2 3 4 5", "i64[2]: 3 2"}, .outputs = {
 "i32[3,2]: 0 1 2 3 4 5"}},
{.type = "Reshape", .opset = 13, .inputs = {"i64[2,3]: 0 1 2 3 4 5", "i64[2]: 3 2"}, .outputs = {
 "i64[3,2]: 0 1 2 3 4 5"}},
{.type = "Reshape", .opset = 13, .inputs = {"u8[2,3]: 0 1 2 3 4 5", "i64[2]: 3 2"}, .outputs = {
 "u8[3,2]: 0 1 2 3 4 5"}},
{.type = "Reshape", .opset = 13, .inputs = {"bool[2,3]: 0 1 0 1 0 1", "i64[2]: 3 2"}, .outputs = {
 "bool[3,2]: 0 1 0 1 0 1"}},
{.type = "Reshape", .opset = 5, .inputs = {"f32[2,3]: 0 1 2 3 4 5", "i64[1]: -1"}, .outputs = {
 "f32[6]: 0 1 2 3 4 5"}},
{.type = "Reshape", .opset = 13, .inputs = {"f32[2,3,2]: 0 1 2 3 4 5 6 7 8 9 10 11",
 "i64[2]: 0 -1"}, .outputs = {"f32[2,6]: 0 1 2 3 4 5 6 7 8 9 10 11"}},
{.type = "Reshape", .opset = 14, .attributes = "allowzero=1", .inputs = {"f32[0,3]:",
 "i64[2]: 3 0"}, .outputs = {"f32[3,0]:"}},
{.name = "to a scalar", .type = "Reshape", .opset = 14, .inputs = {"f32[1]: 0", "i64[0]:"},
 .outputs = {"f32[]: 0"}},
{.type = "Reshape", .opset = 14, .inputs = {"f32[0,3]:", "i64[3]: 0 3 1"}, .outputs = {
 "f32[0,3,1]:"}},
{.type = "Flatten", .opset = 13, .attributes = "axis=0", .inputs = {
 "f32[2,3,2]: 0 1 2 3 4 5 6 7 8 9 10 11"}, .outputs = {"f32[1,12]: 0 1 2 3 4 5 6 7 8 9 10 11"}},
{.type = "Flatten", .opset = 13, .attributes = "axis=1", .inputs = {
 "f32[2,3,2]: 0 1 2 3 4 5 6 7 8 9 10 11"}, .outputs = {"f32[2,6]: 0 1 2 3 4 5 6 7 8 9 10 11"}},
{.type = "Flatten", .opset = 13, .attributes = "axis=2", .inputs = {
 "f32[2,3,2]: 0 1 2 3 4 5 6 7 8 9 10 11"}, .outputs = {"f32[6,2]: 0 1 2 3 4 5 6 7 8 9 10 11"}},
{.type = "Flatten", .opset = 13, .attributes = "axis=3", .inputs = {
 "f32[2,3,2]: 0 1 2 3 4 5 6 7 8 9 10 11"}, .outputs = {"f32[12,1]: 0 1 2 3 4 5 6 7 8 9 10 11"}},
{.type = "Flatten", .opset = 13, .attributes = "axis=-1", .inputs = {
 "f32[2,3,2]: 0 1 2 3 4 5 6 7 8 9 10 11"}, .outputs = {"f32[6,2]: 0 1 2 3 4 5 6 7 8 9 10 11"}},
{.type = "Flatten", .opset = 9, .inputs = {"f32[2,3,2]: 0 1 2 3 4 5 6 7 8 9 10 11"}, .outputs = {
 "f32[2,6]: 0 1 2 3 4 5 6 7 8 9 10 11"}},
{.type = "Flatten", .opset = 11, .attributes = "axis=0", .inputs = {"f32[]: 0"}, .outputs = {
 "f32[1,1]: 0"}},
{.type = "Squeeze", .opset = 11, .attributes = "axes=[0]", .inputs = {"f32[1,2,1]: 0 1"}, .outputs
 = {"f32[2,1]: 0 1"}},
{.type = "Squeeze", .opset = 13, .inputs = {"f32[1,2,1]: 0 1", "i64[1]: -1"}, .outputs = {
 "f32[1,2]: 0 1"}},
{.name = "all", .type = "Squeeze", .opset = 13, .inputs = {"f32[1,2,1]: 0 1"}, .outputs = {
 "f32[2]: 0 1"}},
{.type = "Squeeze", .opset = 1, .attributes = "axes=[0,2]", .inputs = {"f32[1,2,1]: 0 1"},
 .outputs = {"f32[2]: 0 1"}},
{.type = "Unsqueeze", .opset = 11, .attributes = "axes=[0,2]", .inputs = {"f32[2]: 0 1"}, .outputs
 = {"f32[1,2,1]: 0 1"}},
{.type = "Unsqueeze", .opset = 13, .inputs = {"f32[2]: 0 1", "i64[1]: -1"}, .outputs = {
 "f32[2,1]: 0 1"}},
{.type = "Unsqueeze", .opset = 13, .inputs = {"f32[2]: 0 1", "i64[3]: 2 0 1"}, .outputs = {
 "f32[1,1,1,2]: 0 1"}},
{.type = "Unsqueeze", .opset = 11, .attributes = "axes=[-1]", .inputs = {"f32[]: 0"}, .outputs = {
 "f32[1]: 0"}},
{.type = "Identity", .opset = 13, .inputs = {"i64[2,2]: 0 1 2 3"}, .outputs = {"i64[2,2]: 0 1 2 3"
 }},
{.type = "Dropout", .opset = 7, .attributes = "ratio=0.5", .inputs = {"f32[3]: 0 1 2"}, .outputs =
 {"f32[3]: 0 1 2"}},
{.type = "Dropout", .opset = 10, .inputs = {"f32[3]: 0 1 2"}, .outputs = {"f32[3]: 0 1 2",
 "bool[3]: 0 0 0"}},
{.type = "Dropout", .opset = 13, .inputs = {"f32[3]: 0 1 2", "f32[]: 0.5"}, .outputs = {
 "f32[3]: 0 1 2", "bool[3]: 1 1 1"}},
{.type = "Dropout", .opset = 12, .inputs = {"f32[3]: 0 1 2", "f32[]: 0.5", "bool[]: 0"}, .outputs
 = {"f32[3]: 0 1 2", "bool[3]: 1 1 1"}},
{.type = "Shape", .opset = 13, .inputs = {
 "f32[2,3,4]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23"}, .outputs = {
 "i64[3]: 2 3 4"}},
{.type = "Shape", .opset = 15, .attributes = "start=1", .inputs = {
 "f32[2,3,4]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23"}, .outputs = {
 "i64[2]: 3 4"}},
{.type = "Shape", .opset = 15, .attributes = "end=-1", .inputs = {
 "f32[2,3,4]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23"}, .outputs = {
 "i64[2]: 2 3"}},
{.type = "Shape", .opset = 15, .attributes = "start=-2 end=100", .inputs = {
 "f32[2,3,4]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23"}, .outputs = {
 "i64[2]: 3 4"}},
{.type = "Shape", .opset = 15, .attributes = "start=2 end=1", .inputs = {
 "f32[2,3,4]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23"}, .outputs = {
 "i64[0]:"}},
{.type = "Shape", .opset = 1, .inputs = {"f32[]: 0"}, .outputs = {"i64[0]:"}},
{.type = "Size", .opset = 13, .inputs = {"u8[2,3]: 0 1 2 3 4 5"}, .outputs = {"i64[]: 6"}},
{.type = "Constant", .opset = 13, .attributes = "value={f32[2,2]: 0 1 2 3}", .inputs = {NULL},
 .outputs = {"f32[2,2]: 0 1 2 3"}},
{.type = "Constant", .opset = 13, .attributes = "value={i32[2,2]: 0 1 2 3}", .inputs = {NULL},
 .outputs = {"i32[2,2]: 0 1 2 3"}},
{.type = "Constant", .opset = 13, .attributes = "value={i64[2,2]: 0 1 2 3}", .inputs = {NULL},
 .outputs = {"i64[2,2]: 0 1 2 3"}},
{.type = "Constant", .opset = 13, .attributes = "value={u8[2,2]: 0 1 2 3}", .inputs = {NULL},
 .outputs = {"u8[2,2]: 0 1 2 3"}},
{.type = "Constant", .opset = 13, .attributes = "value={bool[2,2]: 0 1 0 1}", .inputs = {NULL},
 .outputs = {"bool[2,2]: 0 1 0 1"}},
{.type = "Constant", .opset = 12, .attributes = "value_int=-5", .inputs = {NULL}, .outputs = {
 "i64[]: -5"}},
{.type = "Constant", .opset = 12, .attributes = "value_ints=[1,2,3]", .inputs = {NULL}, .outputs =
 {"i64[3]: 1 2 3"}},
{.type = "Constant", .opset = 12, .attributes = "value_float=2.5", .inputs = {NULL}, .outputs = {
 "f32[]: 2.5"}},
{.type = "Constant", .opset = 12, .attributes = "value_floats=[1.5,2.0]", .inputs = {NULL},
 .outputs = {"f32[2]: 1.5 2"}},
{.type = "ConstantOfShape", .opset = 9, .attributes = "value={f32[1]: 1}", .inputs = {
 "i64[2]: 2 2"}, .outputs = {"f32[2,2]: 1 1 1 1"}},
{.type = "ConstantOfShape", .opset = 9, .attributes = "value={i32[1]: 1}", .inputs = {
 "i64[2]: 2 2"}, .outputs = {"i32[2,2]: 1 1 1 1"}},
{.type = "ConstantOfShape", .opset = 9, .attributes = "value={i64[1]: 1}", .inputs = {
 "i64[2]: 2 2"}, .outputs = {"i64[2,2]: 1 1 1 1"}},
{.type = "ConstantOfShape", .opset = 9, .attributes = "value={u8[1]: 1}", .inputs = {"i64[2]: 2 2"
 }, .outputs = {"u8[2,2]: 1 1 1 1"}},
{.type = "ConstantOfShape", .opset = 9, .attributes = "value={bool[1]: 1}", .inputs = {
 "i64[2]: 2 2"}, .outputs = {"bool[2,2]: 1 1 1 1"}},
{.type = "ConstantOfShape", .opset = 9, .inputs = {"i64[1]: 3"}, .outputs = {"f32[3]: 0 0 0"}},
{.type = "ConstantOfShape", .opset = 9, .inputs = {"i64[0]:"}, .outputs = {"f32[]: 0"}},
{.type = "ConstantOfShape", .opset = 9, .inputs = {"i64[2]: 0 2"}, .outputs = {"f32[0,2]:"}},
{.type = "Range", .opset = 11, .inputs = {"i64[]: 2", "i64[]: 11", "i64[]: 3"}, .outputs = {
 "i64[3]: 2 5 8"}},
{.type = "Range", .opset = 11, .inputs = {"i32[]: 5", "i32[]: 0", "i32[]: -2"}, .outputs = {
 "i32[3]: 5 3 1"}},
{.type = "Range", .opset = 11, .inputs = {"f32[]: 0", "f32[]: 1", "f32[]: 0.25"}, .outputs = {
 "f32[4]: 0 0.25 0.5 0.75"}},
{.type = "Range", .opset = 11, .inputs = {"i64[]: 5", "i64[]: 5", "i64[]: 1"}, .outputs = {
 "i64[0]:"}},
{.type = "Cast", .opset = 13, .attributes = "to=1", .inputs = {"f32[6]: -1.7 -0.2 0 0.9 1.5 200.6"
 }, .outputs = {"f32[6]: -1.7 -0.2 0 0.9 1.5 200.6"}},
{.type = "Cast", .opset = 13, .attributes = "to=6", .inputs = {"f32[6]: -1.7 -0.2 0 0.9 1.5 200.6"
 }, .outputs = {"i32[6]: -1 0 0 0 1 200"}},
{.type = "Cast", .opset = 13, .attributes = "to=7", .inputs = {"f32[6]: -1.7 -0.2 0 0.9 1.5 200.6"
 }, .outputs = {"i64[6]: -1 0 0 0 1 200"}},
{.type = "Cast", .opset = 13, .attributes = "to=2", .inputs = {"f32[4]: 0 0.9 1.5 200.6"},
 .outputs = {"u8[4]: 0 0 1 200"}},
{.type = "Cast", .opset = 13, .attributes = "to=9", .inputs = {"f32[6]: -1.7 -0.2 0 0.9 1.5 200.6"
 }, .outputs = {"bool[6]: 1 1 0 1 1 1"}},
{.type = "Cast", .opset = 13, .attributes = "to=1", .inputs = {"i32[5]: -3 0 1 200 70000"},
 .outputs = {"f32[5]: -3 0 1 200 70000"}},
{.type = "Cast", .opset = 13, .attributes = "to=6", .inputs = {"i32[5]: -3 0 1 200 70000"},
 .outputs = {"i32[5]: -3 0 1 200 70000"}},
{.type = "Cast", .opset = 13, .attributes = "to=7", .inputs = {"i32[5]: -3 0 1 200 70000"},
 .outputs = {"i64[5]: -3 0 1 200 70000"}},
{.type = "Cast", .opset = 13, .attributes = "to=2", .inputs = {"i32[5]: -3 0 1 200 70000"},
 .outputs = {"u8[5]: 253 0 1 200 112"}},
{.type = "Cast", .opset = 13, .attributes = "to=9", .inputs = {"i32[5]: -3 0 1 200 70000"},
 .outputs = {"bool[5]: 1 0 1 1 1"}},
{.type = "Cast", .opset = 13, .attributes = "to=1", .inputs = {"i64[5]: -3 0 1 5000000000 255"},
 .outputs = {"f32[5]: -3 0 1 5e+09 255"}},
{.type = "Cast", .opset = 13, .attributes = "to=6", .inputs = {"i64[5]: -3 0 1 5000000000 255"},
 .outputs = {"i32[5]: -3 0 1 705032704 255"}},
{.type = "Cast", .opset = 13, .attributes = "to=7", .inputs = {"i64[5]: -3 0 1 5000000000 255"},
 .outputs = {"i64[5]: -3 0 1 5000000000 255"}},
{.type = "Cast", .opset = 13, .attributes = "to=2", .inputs = {"i64[5]: -3 0 1 5000000000 255"},
 .outputs = {"u8[5]: 253 0 1 0 255"}},
{.type = "Cast", .opset = 13, .attributes = "to=9", .inputs = {"i64[5]: -3 0 1 5000000000 255"},
 .outputs = {"bool[5]: 1 0 1 1 1"}},
{.type = "Cast", .opset = 13, .attributes = "to=1", .inputs = {"u8[3]: 0 1 255"}, .outputs = {
 "f32[3]: 0 1 255"}},
{.type = "Cast", .opset = 13, .attributes = "to=6", .inputs = {"u8[3]: 0 1 255"}, .outputs = {
 "i32[3]: 0 1 255"}},
{.type = "Cast", .opset = 13, .attributes = "to=7", .inputs = {"u8[3]: 0 1 255"}, .outputs = {
 "i64[3]: 0 1 255"}},
{.type = "Cast", .opset = 13, .attributes = "to=2", .inputs = {"u8[3]: 0 1 255"}, .outputs = {
 "u8[3]: 0 1 255"}},
{.type = "Cast", .opset = 13, .attributes = "to=9", .inputs = {"u8[3]: 0 1 255"}, .outputs = {
 "bool[3]: 0 1 1"}},
{.type = "Cast", .opset = 13, .attributes = "to=1", .inputs = {"bool[2]: 0 1"}, .outputs = {
 "f32[2]: 0 1"}},
{.type = "Cast", .opset = 13, .attributes = "to=6", .inputs = {"bool[2]: 0 1"}, .outputs = {
 "i32[2]: 0 1"}},
{.type = "Cast", .opset = 13, .attributes = "to=7", .inputs = {"bool[2]: 0 1"}, .outputs = {
 "i64[2]: 0 1"}},
{.type = "Cast", .opset = 13, .attributes = "to=2", .inputs = {"bool[2]: 0 1"}, .outputs = {
 "u8[2]: 0 1"}},
{.type = "Cast", .opset = 13, .attributes = "to=9", .inputs = {"bool[2]: 0 1"}, .outputs = {
 "bool[2]: 0 1"}},
