/* Cases of compute_ops_unary_test.c: expected values from ONNX Runtime 1.30. */
// clang-format off
{.type = "Relu", .opset = 13, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: 0 0 0 0 0.5 1 4 nan"}},
{.name = "the ends", .type = "Relu", .opset = 13, .inputs = {"f32[4]: -inf -100 100 inf"},
 .outputs = {"f32[4]: 0 0 100 inf"}},
{.type = "LeakyRelu", .opset = 11, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -0.03 -0.01 -0.0025 0 0.5 1 4 nan"}},
{.name = "the ends", .type = "LeakyRelu", .opset = 11, .inputs = {"f32[4]: -inf -100 100 inf"},
 .outputs = {"f32[4]: -inf -1 100 inf"}},
{.type = "Elu", .opset = 11, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -0.95021296 -0.63212055 -0.22119921 0 0.5 1 4 nan"}},
{.name = "the ends", .type = "Elu", .opset = 11, .inputs = {"f32[4]: -inf -100 100 inf"}, .outputs
 = {"f32[4]: -1 -1 100 inf"}},
{.type = "Selu", .opset = 11, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -1.6705687 -1.1113307 -0.38889018 0 0.5253505 1.050701 4.202804 nan"}},
{.name = "the ends", .type = "Selu", .opset = 11, .inputs = {"f32[4]: -inf -100 100 inf"},
 .outputs = {"f32[4]: -1.7580993 -1.7580993 105.0701 inf"}},
{.type = "Sigmoid", .opset = 13, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: 0.047425866 0.26894143 0.4378235 0.5 0.6224593 0.7310586 0.98201376 ""nan"}},
{.name = "the ends", .type = "Sigmoid", .opset = 13, .inputs = {"f32[4]: -inf -100 100 inf"},
 .outputs = {"f32[4]: 0 0 1 1"}},
{.type = "HardSigmoid", .opset = 11, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs =
 {"f32[2,4]: 0 0.3 0.45 0.5 0.6 0.7 1 nan"}},
{.name = "the ends", .type = "HardSigmoid", .opset = 11, .inputs = {"f32[4]: -inf -100 100 inf"},
 .outputs = {"f32[4]: 0 0 1 1"}},
{.type = "Tanh", .opset = 13, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -0.9950547 -0.7615942 -0.24491866 0 0.46211717 0.7615942 0.9993292 nan"}},
{.name = "the ends", .type = "Tanh", .opset = 13, .inputs = {"f32[4]: -inf -100 100 inf"},
 .outputs = {"f32[4]: -1 -1 1 1"}},
{.type = "Softplus", .opset = 11, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: 0.048587356 0.3132617 0.5759395 0.6931472 0.974077 1.3132617 4.01815 ""nan"}},
{.name = "the ends", .type = "Softplus", .opset = 11, .inputs = {"f32[4]: -inf -100 100 inf"},
 .outputs = {"f32[4]: 0 3.8e-44 100 inf"}},
{.type = "Softsign", .opset = 11, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -0.75 -0.5 -0.2 0 0.33333334 0.5 0.8 nan"}},
{.name = "the ends", .type = "Softsign", .opset = 11, .inputs = {"f32[2]: -100 100"}, .outputs = {
 "f32[2]: -0.990099 0.990099"}},
{.type = "Erf", .opset = 13, .inputs = {"f32[2,3]: -3 -1 -0.25 0.5 1 4"}, .outputs = {
 "f32[2,3]: -0.9999779 -0.8427008 -0.2763264 0.5204999 0.8427008 1"}},
{.type = "Neg", .opset = 13, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: 3 1 0.25 0 -0.5 -1 -4 nan"}},
{.type = "Abs", .opset = 13, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: 3 1 0.25 0 0.5 1 4 nan"}},
{.type = "Exp", .opset = 13, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: 0.049787067 0.36787945 0.7788008 1 1.6487212 2.7182817 54.59815 nan"}},
{.name = "the ends", .type = "Exp", .opset = 13, .inputs = {"f32[4]: -inf -100 100 inf"}, .outputs
 = {"f32[4]: 0 3.8e-44 inf inf"}},
{.type = "Ceil", .opset = 13, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -3 -1 0 0 1 1 4 nan"}},
{.type = "Floor", .opset = 13, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -3 -1 -1 0 0 1 4 nan"}},
{.type = "Sign", .opset = 13, .inputs = {"f32[3]: -2 0 3"}, .outputs = {"f32[3]: -1 0 1"}},
{.type = "Round", .opset = 11, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -3 -1 0 0 0 1 4 nan"}},
{.type = "ThresholdedRelu", .opset = 11, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"},
 .outputs = {"f32[2,4]: 0 0 0 0 0 0 4 0"}},
{.type = "Sin", .opset = 13, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -0.14112 -0.84147096 -0.24740396 0 0.47942555 0.84147096 -0.7568025 ""nan"}},
{.type = "Cos", .opset = 13, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -0.9899925 0.5403023 0.9689124 1 0.87758255 0.5403023 -0.6536436 nan"}},
{.name = "half to even", .type = "Round", .opset = 11, .inputs = {"f32[5]: 0.5 1.5 2.5 -0.5 -1.5"
 }, .outputs = {"f32[5]: 0 2 2 0 -2"}},
{.type = "LeakyRelu", .opset = 16, .attributes = "alpha=0.25", .inputs = {
 "f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {"f32[2,4]: -0.75 -0.25 -0.0625 0 0.5 1 4 nan"
 }},
{.type = "Elu", .opset = 6, .attributes = "alpha=2.0", .inputs = {
 "f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -1.9004259 -1.2642411 -0.44239843 0 0.5 1 4 nan"}},
{.type = "Celu", .opset = 12, .attributes = "alpha=2.0", .inputs = {
 "f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -1.5537397 -0.78693867 -0.23500621 0 0.5 1 4 nan"}},
{.type = "Selu", .opset = 6, .attributes = "alpha=2.0 gamma=3.0", .inputs = {
 "f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -5.7012777 -3.7927232 -1.3271953 0 1.5 3 12 nan"}},
{.type = "HardSigmoid", .opset = 6, .attributes = "alpha=0.5 beta=0.25", .inputs = {
 "f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {"f32[2,4]: 0 0 0.125 0.25 0.5 0.75 1 nan"}},
{.type = "HardSwish", .opset = 14, .inputs = {"f32[5]: -4 -2 0 2 4"}, .outputs = {
 "f32[5]: 0 -0.3333333 0 1.6666667 4"}},
{.type = "Mish", .opset = 18, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -0.14564745 -0.30340144 -0.12992696 0 0.37524524 0.8650985 3.9974127 ""nan"}},
{.type = "Sqrt", .opset = 13, .inputs = {"f32[4]: 0.25 1 9 -1"}, .outputs = {"f32[4]: 0.5 1 3 nan"
 }},
{.type = "Log", .opset = 13, .inputs = {"f32[4]: 0.25 1 9 -1"}, .outputs = {
 "f32[4]: -1.3862944 0 2.1972246 nan"}},
{.name = "the ends", .type = "Log", .opset = 13, .inputs = {"f32[2]: 0 inf"}, .outputs = {
 "f32[2]: -inf inf"}},
{.name = "the ends", .type = "Sqrt", .opset = 13, .inputs = {"f32[2]: 0 inf"}, .outputs = {
 "f32[2]: 0 inf"}},
{.type = "Reciprocal", .opset = 13, .inputs = {"f32[3]: 0.5 -4 0"}, .outputs = {
 "f32[3]: 2 -0.25 inf"}},
{.type = "Gelu", .opset = 20, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -0.0040496886 -0.15865526 -0.10032342 0 0.34573123 0.8413447 3.9998732 ""nan"}},
{.type = "Gelu", .opset = 20, .attributes = "approximate='tanh'", .inputs = {
 "f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -0.0036375225 -0.15880796 -0.10032465 0 0.345714 0.841192 3.99993 nan"}},
{.type = "Gelu", .domain = "com.microsoft", .opset = 1, .inputs = {
 "f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -0.0040496886 -0.15865526 -0.10032342 0 0.34573123 0.8413447 3.9998732 ""nan"}},
{.name = "tails", .type = "Gelu", .opset = 20, .inputs = {"f32[3]: -5 -4 8"}, .outputs = {
 "f32[3]: -1.4901161e-06 -0.00012671947 8"}, .relative = 0.001, .absolute = 1e-07},
{.type = "Neg", .opset = 13, .inputs = {"i32[3]: -5 0 7"}, .outputs = {"i32[3]: 5 0 -7"}},
{.type = "Abs", .opset = 13, .inputs = {"i32[3]: -5 0 7"}, .outputs = {"i32[3]: 5 0 7"}},
{.type = "Relu", .opset = 14, .inputs = {"i32[3]: -5 0 7"}, .outputs = {"i32[3]: 0 0 7"}},
{.type = "Sign", .opset = 13, .inputs = {"i32[3]: -5 0 7"}, .outputs = {"i32[3]: -1 0 1"}},
{.type = "Neg", .opset = 13, .inputs = {"i64[3]: -5 0 7"}, .outputs = {"i64[3]: 5 0 -7"}},
{.type = "Abs", .opset = 13, .inputs = {"i64[3]: -5 0 7"}, .outputs = {"i64[3]: 5 0 7"}},
{.type = "Relu", .opset = 14, .inputs = {"i64[3]: -5 0 7"}, .outputs = {"i64[3]: 0 0 7"}},
{.type = "Sign", .opset = 13, .inputs = {"i64[3]: -5 0 7"}, .outputs = {"i64[3]: -1 0 1"}},
{.type = "Abs", .opset = 13, .inputs = {"u8[2]: 3 255"}, .outputs = {"u8[2]: 3 255"}},
{.type = "Not", .opset = 1, .inputs = {"bool[3]: 0 1 0"}, .outputs = {"bool[3]: 1 0 1"}},
{.name = "scalar", .type = "Relu", .opset = 13, .inputs = {"f32[]: -2"}, .outputs = {"f32[]: 0"}},
{.name = "nothing", .type = "Exp", .opset = 13, .inputs = {"f32[2,0]:"}, .outputs = {"f32[2,0]:"
 }},
{.type = "Clip", .opset = 6, .attributes = "min=-1.0 max=1.0", .inputs = {
 "f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {"f32[2,4]: -1 -1 -0.25 0 0.5 1 1 nan"}},
{.type = "Clip", .opset = 6, .attributes = "max=1.0", .inputs = {
 "f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 1 nan"}},
{.type = "Clip", .opset = 10, .attributes = "min=0.5", .inputs = {
 "f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {"f32[2,4]: 0.5 0.5 0.5 0.5 0.5 1 4 nan"}},
{.type = "Clip", .opset = 7, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}, .outputs = {
 "f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan"}},
{.type = "Clip", .opset = 12, .inputs = {"f32[4]: 0 3 9 20", "f32[]: 3", "f32[]: 10"}, .outputs =
 {"f32[4]: 3 3 9 10"}},
{.type = "Clip", .opset = 13, .inputs = {"f32[4]: 0 3 9 20", "", "f32[]: 10"}, .outputs = {
 "f32[4]: 0 3 9 10"}},
{.type = "Clip", .opset = 13, .inputs = {"f32[4]: 0 3 9 20", "f32[]: 5"}, .outputs = {
 "f32[4]: 5 5 9 20"}},
{.type = "Clip", .opset = 12, .inputs = {"f32[4]: 0 3 9 20"}, .outputs = {"f32[4]: 0 3 9 20"}},
{.type = "Clip", .opset = 12, .inputs = {"i32[4]: 0 3 9 20", "i32[]: 3", "i32[]: 10"}, .outputs =
 {"i32[4]: 3 3 9 10"}},
{.type = "Clip", .opset = 13, .inputs = {"i32[4]: 0 3 9 20", "", "i32[]: 10"}, .outputs = {
 "i32[4]: 0 3 9 10"}},
{.type = "Clip", .opset = 13, .inputs = {"i32[4]: 0 3 9 20", "i32[]: 5"}, .outputs = {
 "i32[4]: 5 5 9 20"}},
{.type = "Clip", .opset = 12, .inputs = {"i32[4]: 0 3 9 20"}, .outputs = {"i32[4]: 0 3 9 20"}},
{.type = "Clip", .opset = 12, .inputs = {"i64[4]: 0 3 9 20", "i64[]: 3", "i64[]: 10"}, .outputs =
 {"i64[4]: 3 3 9 10"}},
{.type = "Clip", .opset = 13, .inputs = {"i64[4]: 0 3 9 20", "", "i64[]: 10"}, .outputs = {
 "i64[4]: 0 3 9 10"}},
{.type = "Clip", .opset = 13, .inputs = {"i64[4]: 0 3 9 20", "i64[]: 5"}, .outputs = {
 "i64[4]: 5 5 9 20"}},
{.type = "Clip", .opset = 12, .inputs = {"i64[4]: 0 3 9 20"}, .outputs = {"i64[4]: 0 3 9 20"}},
{.type = "Clip", .opset = 12, .inputs = {"u8[4]: 0 3 9 20", "u8[]: 3", "u8[]: 10"}, .outputs = {
 "u8[4]: 3 3 9 10"}},
{.type = "Clip", .opset = 13, .inputs = {"u8[4]: 0 3 9 20", "", "u8[]: 10"}, .outputs = {
 "u8[4]: 0 3 9 10"}},
{.type = "Clip", .opset = 13, .inputs = {"u8[4]: 0 3 9 20", "u8[]: 5"}, .outputs = {
 "u8[4]: 5 5 9 20"}},
{.type = "Clip", .opset = 12, .inputs = {"u8[4]: 0 3 9 20"}, .outputs = {"u8[4]: 0 3 9 20"}},
{.type = "Clip", .opset = 11, .inputs = {"f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan", "f32[]: -1",
 "f32[]: 2"}, .outputs = {"f32[2,4]: -1 -1 -0.25 0 0.5 1 2 nan"}},
{.name = "bounds the wrong way round: the maximum wins", .type = "Clip", .opset = 13, .inputs = {
 "f32[2,4]: -3 -1 -0.25 0 0.5 1 4 nan", "f32[]: 2", "f32[]: 1"}, .outputs = {
 "f32[2,4]: 1 1 1 1 1 1 1 nan"}},
{.name = "the ends", .type = "Clip", .opset = 13, .inputs = {"f32[4]: -inf -100 100 inf",
 "f32[]: 0", "f32[]: 6"}, .outputs = {"f32[4]: 0 0 6 6"}},
