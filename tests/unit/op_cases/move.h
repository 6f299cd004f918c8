/* Cases of compute_ops_move_test.c: expected values from ONNX Runtime 1.30. */
// clang-format off
{.type = "Transpose", .opset = 13, .attributes = "perm=[1,0]", .inputs = {"f32[2,3]: 0 1 2 3 4 5"
 }, .outputs = {"f32[3,2]: 0 3 1 4 2 5"}},
{.type = "Transpose", .opset = 13, .attributes = "perm=[1,0]", .inputs = {"i32[2,3]: 0 1 2 3 4 5"
 }, .outputs = {"i32[3,2]: 0 3 1 4 2 5"}},
{.type = "Transpose", .opset = 13, .attributes = "perm=[1,0]", .inputs = {"i64[2,3]: 0 1 2 3 4 5"
 }, .outputs = {"i64[3,2]: 0 3 1 4 2 5"}},
{.type = "Transpose", .opset = 13, .attributes = "perm=[1,0]", .inputs = {"u8[2,3]: 0 1 2 3 4 5"},
 .outputs = {"u8[3,2]: 0 3 1 4 2 5"}},
{.type = "Transpose", .opset = 13, .attributes = "perm=[1,0]", .inputs = {"bool[2,3]: 0 1 0 1 0 1"
 }, .outputs = {"bool[3,2]: 0 1 1 0 0 1"}},
{.name = "reversed by default", .type = "Transpose", .opset = 7, .inputs = {
 "f32[2,3,4]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23"}, .outputs = {
 "f32[4,3,2]: 0 12 4 16 8 20 1 13 5 17 9 21 2 14 6 18 10 22 3 15 7 19 11 23"}},
{.type = "Transpose", .opset = 13, .attributes = "perm=[0,2,3,1]", .inputs = {
 "f32[2,3,2,2]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23"}, .outputs = {
 "f32[2,2,2,3]: 0 4 8 1 5 9 2 6 10 3 7 11 12 16 20 13 17 21 14 18 22 15 19 23"}},
{.type = "Transpose", .opset = 13, .attributes = "perm=[1,2,0]", .inputs = {
 "f32[2,1,3]: 0 1 2 3 4 5"}, .outputs = {"f32[1,3,2]: 0 3 1 4 2 5"}},
{.name = "a scalar", .type = "Transpose", .opset = 13, .inputs = {"f32[]: 0"}, .outputs = {
 "f32[]: 0"}},
{.name = "nothing", .type = "Transpose", .opset = 13, .attributes = "perm=[2,0,1]", .inputs = {
 "f32[2,0,3]:"}, .outputs = {"f32[3,2,0]:"}},
{.type = "Expand", .opset = 13, .inputs = {"f32[3,1]: 0 1 2", "i64[3]: 2 1 2"}, .outputs = {
 "f32[2,3,2]: 0 0 1 1 2 2 0 0 1 1 2 2"}},
{.type = "Expand", .opset = 13, .inputs = {"i32[3,1]: 0 1 2", "i64[3]: 2 1 2"}, .outputs = {
 "i32[2,3,2]: 0 0 1 1 2 2 0 0 1 1 2 2"}},
{.type = "Expand", .opset = 13, .inputs = {"i64[3,1]: 0 1 2", "i64[3]: 2 1 2"}, .outputs = {
 "i64[2,3,2]: 0 0 1 1 2 2 0 0 1 1 2 2"}},
{.type = "Expand", .opset = 13, .inputs = {"u8[3,1]: 0 1 2", "i64[3]: 2 1 2"}, .outputs = {
 "u8[2,3,2]: 0 0 1 1 2 2 0 0 1 1 2 2"}},
{.type = "Expand", .opset = 13, .inputs = {"bool[3,1]: 0 1 0", "i64[3]: 2 1 2"}, .outputs = {
 "bool[2,3,2]: 0 0 1 1 0 0 0 0 1 1 0 0"}},
{.type = "Expand", .opset = 8, .inputs = {"f32[1,3]: 0 1 2", "i64[2]: 3 1"}, .outputs = {
 "f32[3,3]: 0 1 2 0 1 2 0 1 2"}},
{.name = "a scalar", .type = "Expand", .opset = 8, .inputs = {"f32[]: 0", "i64[2]: 2 2"}, .outputs
 = {"f32[2,2]: 0 0 0 0"}},
{.name = "to nothing", .type = "Expand", .opset = 8, .inputs = {"f32[1,3]: 0 1 2", "i64[2]: 0 3"},
 .outputs = {"f32[0,3]:"}},
{.type = "Tile", .opset = 13, .inputs = {"f32[2,2]: 0 1 2 3", "i64[2]: 2 3"}, .outputs = {
 "f32[4,6]: 0 1 0 1 0 1 2 3 2 3 2 3 0 1 0 1 0 1 2 3 2 3 2 3"}},
{.type = "Tile", .opset = 13, .inputs = {"i32[2,2]: 0 1 2 3", "i64[2]: 2 3"}, .outputs = {
 "i32[4,6]: 0 1 0 1 0 1 2 3 2 3 2 3 0 1 0 1 0 1 2 3 2 3 2 3"}},
{.type = "Tile", .opset = 13, .inputs = {"i64[2,2]: 0 1 2 3", "i64[2]: 2 3"}, .outputs = {
 "i64[4,6]: 0 1 0 1 0 1 2 3 2 3 2 3 0 1 0 1 0 1 2 3 2 3 2 3"}},
{.type = "Tile", .opset = 13, .inputs = {"u8[2,2]: 0 1 2 3", "i64[2]: 2 3"}, .outputs = {
 "u8[4,6]: 0 1 0 1 0 1 2 3 2 3 2 3 0 1 0 1 0 1 2 3 2 3 2 3"}},
{.type = "Tile", .opset = 13, .inputs = {"bool[2,2]: 0 1 0 1", "i64[2]: 2 3"}, .outputs = {
 "bool[4,6]: 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1"}},
{.type = "Tile", .opset = 6, .inputs = {"f32[2,1,2]: 0 1 2 3", "i64[3]: 1 2 1"}, .outputs = {
 "f32[2,2,2]: 0 1 0 1 2 3 2 3"}},
{.name = "no times", .type = "Tile", .opset = 6, .inputs = {"f32[2]: 0 1", "i64[1]: 0"}, .outputs
 = {"f32[0]:"}},
{.type = "DepthToSpace", .opset = 13, .attributes = "blocksize=2 mode='CRD'", .inputs = {
 "f32[1,8,1,2]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"}, .outputs = {
 "f32[1,2,2,4]: 0 2 1 3 4 6 5 7 8 10 9 11 12 14 13 15"}},
{.type = "DepthToSpace", .opset = 11, .attributes = "blocksize=2", .inputs = {
 "f32[1,8,1,2]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"}, .outputs = {
 "f32[1,2,2,4]: 0 4 1 5 8 12 9 13 2 6 3 7 10 14 11 15"}},
{.type = "DepthToSpace", .opset = 13, .attributes = "blocksize=2 mode='CRD'", .inputs = {
 "u8[1,8,1,2]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"}, .outputs = {
 "u8[1,2,2,4]: 0 2 1 3 4 6 5 7 8 10 9 11 12 14 13 15"}},
{.type = "DepthToSpace", .opset = 11, .attributes = "blocksize=2", .inputs = {
 "u8[1,8,1,2]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"}, .outputs = {
 "u8[1,2,2,4]: 0 4 1 5 8 12 9 13 2 6 3 7 10 14 11 15"}},
{.type = "DepthToSpace", .opset = 13, .attributes = "blocksize=2 mode='DCR'", .inputs = {
 "f32[2,4,2,1]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"}, .outputs = {
 "f32[2,1,4,2]: 0 2 4 6 1 3 5 7 8 10 12 14 9 11 13 15"}},
{.type = "SpaceToDepth", .opset = 13, .attributes = "blocksize=2", .inputs = {
 "f32[1,2,2,4]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"}, .outputs = {
 "f32[1,8,1,2]: 0 2 8 10 1 3 9 11 4 6 12 14 5 7 13 15"}},
{.type = "SpaceToDepth", .opset = 1, .attributes = "blocksize=2", .inputs = {
 "f32[2,1,4,2]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"}, .outputs = {
 "f32[2,4,2,1]: 0 4 1 5 2 6 3 7 8 12 9 13 10 14 11 15"}},
{.type = "Slice", .opset = 13, .inputs = {"f32[3,4]: 0 1 2 3 4 5 6 7 8 9 10 11", "i64[2]: 1 0",
 "i64[2]: 3 4", "i64[2]: 0 1", "i64[2]: 1 2"}, .outputs = {"f32[2,2]: 4 6 8 10"}},
{.type = "Slice", .opset = 13, .inputs = {"i32[3,4]: 0 1 2 3 4 5 6 7 8 9 10 11", "i64[2]: 1 0",
 "i64[2]: 3 4", "i64[2]: 0 1", "i64[2]: 1 2"}, .outputs = {"i32[2,2]: 4 6 8 10"}},
{.type = "Slice", .opset = 13, .inputs = {"i64[3,4]: 0 1 2 3 4 5 6 7 8 9 10 11", "i64[2]: 1 0",
 "i64[2]: 3 4", "i64[2]: 0 1", "i64[2]: 1 2"}, .outputs = {"i64[2,2]: 4 6 8 10"}},
{.type = "Slice", .opset = 13, .inputs = {"u8[3,4]: 0 1 2 3 4 5 6 7 8 9 10 11", "i64[2]: 1 0",
 "i64[2]: 3 4", "i64[2]: 0 1", "i64[2]: 1 2"}, .outputs = {"u8[2,2]: 4 6 8 10"}},
{.type = "Slice", .opset = 13, .inputs = {"bool[3,4]: 0 1 0 1 0 1 0 1 0 1 0 1", "i64[2]: 1 0",
 "i64[2]: 3 4", "i64[2]: 0 1", "i64[2]: 1 2"}, .outputs = {"bool[2,2]: 0 0 0 0"}},
{.type = "Slice", .opset = 7, .attributes = "starts=[0,-3] ends=[2,1000] axes=[0,1]", .inputs = {
 "f32[3,4]: 0 1 2 3 4 5 6 7 8 9 10 11"}, .outputs = {"f32[2,3]: 1 2 3 5 6 7"}},
{.type = "Slice", .opset = 1, .attributes = "starts=[1] ends=[-1]", .inputs = {"f32[4]: 0 1 2 3"},
 .outputs = {"f32[2]: 1 2"}},
{.name = "backwards", .type = "Slice", .opset = 10, .inputs = {
 "f32[3,4]: 0 1 2 3 4 5 6 7 8 9 10 11", "i64[1]: -1", "i64[1]: -4", "i64[1]: 0", "i64[1]: -1"},
 .outputs = {"f32[3,4]: 8 9 10 11 4 5 6 7 0 1 2 3"}},
{.name = "backwards, clamped", .type = "Slice", .opset = 11, .inputs = {"f32[5]: 0 1 2 3 4",
 "i64[1]: 100", "i64[1]: -100", "i64[1]: -1", "i64[1]: -2"}, .outputs = {"f32[3]: 4 2 0"}},
{.name = "backwards to the least number", .type = "Slice", .opset = 13, .inputs = {
 "f32[5]: 0 1 2 3 4", "i64[1]: 3", "i64[1]: -9223372036854775808", "i64[1]: 0", "i64[1]: -1"},
 .outputs = {"f32[4]: 3 2 1 0"}},
{.name = "empty", .type = "Slice", .opset = 13, .inputs = {"f32[5]: 0 1 2 3 4", "i64[1]: 4",
 "i64[1]: 2"}, .outputs = {"f32[0]:"}},
{.name = "the greatest step", .type = "Slice", .opset = 13, .inputs = {"f32[2,3]: 0 1 2 3 4 5",
 "i64[1]: 0", "i64[1]: 9223372036854775807", "i64[1]: 1", "i64[1]: 9223372036854775807"}, .outputs
 = {"f32[2,1]: 0 3"}},
{.name = "int32 lists", .type = "Slice", .opset = 11, .inputs = {
 "f32[2,3,4]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23", "i32[1]: 1",
 "i32[1]: 2", "i32[1]: -1"}, .outputs = {"f32[2,3,1]: 1 5 9 13 17 21"}},
{.type = "Concat", .opset = 13, .attributes = "axis=1", .inputs = {"f32[2,1]: 0 1",
 "f32[2,2]: 0 1 2 3"}, .outputs = {"f32[2,3]: 0 0 1 1 2 3"}},
{.type = "Concat", .opset = 13, .attributes = "axis=1", .inputs = {"i32[2,1]: 0 1",
 "i32[2,2]: 0 1 2 3"}, .outputs = {"i32[2,3]: 0 0 1 1 2 3"}},
{.type = "Concat", .opset = 13, .attributes = "axis=1", .inputs = {"i64[2,1]: 0 1",
 "i64[2,2]: 0 1 2 3"}, .outputs = {"i64[2,3]: 0 0 1 1 2 3"}},
{.type = "Concat", .opset = 13, .attributes = "axis=1", .inputs = {"u8[2,1]: 0 1",
 "u8[2,2]: 0 1 2 3"}, .outputs = {"u8[2,3]: 0 0 1 1 2 3"}},
{.type = "Concat", .opset = 13, .attributes = "axis=1", .inputs = {"bool[2,1]: 0 1",
 "bool[2,2]: 0 1 0 1"}, .outputs = {"bool[2,3]: 0 0 1 1 0 1"}},
{.type = "Concat", .opset = 11, .attributes = "axis=-2", .inputs = {"f32[1,2]: 0 1",
 "f32[2,2]: 0 1 2 3", "f32[0,2]:"}, .outputs = {"f32[3,2]: 0 1 0 1 2 3"}},
{.name = "one", .type = "Concat", .opset = 4, .attributes = "axis=0", .inputs = {
 "f32[2,2]: 0 1 2 3"}, .outputs = {"f32[2,2]: 0 1 2 3"}},
{.type = "Split", .opset = 13, .attributes = "axis=1", .inputs = {"f32[2,4]: 0 1 2 3 4 5 6 7",
 "i64[2]: 1 3"}, .outputs = {"f32[2,1]: 0 4", "f32[2,3]: 1 2 3 5 6 7"}},
{.type = "Split", .opset = 13, .attributes = "axis=1", .inputs = {"i64[2,4]: 0 1 2 3 4 5 6 7",
 "i64[2]: 1 3"}, .outputs = {"i64[2,1]: 0 4", "i64[2,3]: 1 2 3 5 6 7"}},
{.type = "Split", .opset = 13, .attributes = "axis=1", .inputs = {"u8[2,4]: 0 1 2 3 4 5 6 7",
 "i64[2]: 1 3"}, .outputs = {"u8[2,1]: 0 4", "u8[2,3]: 1 2 3 5 6 7"}},
{.type = "Split", .opset = 11, .attributes = "split=[1,0,3]", .inputs = {"f32[4]: 0 1 2 3"},
 .outputs = {"f32[1]: 0", "f32[0]:", "f32[3]: 1 2 3"}},
{.type = "Split", .opset = 2, .attributes = "axis=1", .inputs = {"f32[2,4]: 0 1 2 3 4 5 6 7"},
 .outputs = {"f32[2,2]: 0 1 4 5", "f32[2,2]: 2 3 6 7"}},
{.type = "Split", .opset = 13, .inputs = {"f32[6]: 0 1 2 3 4 5"}, .outputs = {"f32[2]: 0 1",
 "f32[2]: 2 3", "f32[2]: 4 5"}},
{.type = "Split", .opset = 18, .attributes = "num_outputs=3", .inputs = {"f32[7,1]: 0 1 2 3 4 5 6"
 }, .outputs = {"f32[3,1]: 0 1 2", "f32[3,1]: 3 4 5", "f32[1,1]: 6"}},
{.type = "Split", .opset = 18, .attributes = "axis=-1 num_outputs=2", .inputs = {
 "f32[2,3]: 0 1 2 3 4 5"}, .outputs = {"f32[2,2]: 0 1 3 4", "f32[2,1]: 2 5"}},
{.type = "Pad", .opset = 13, .attributes = "mode='constant'", .inputs = {"f32[2,3]: 0 1 2 3 4 5",
 "i64[4]: 0 2 1 1"}, .outputs = {"f32[3,6]: 0 0 0 1 2 0 0 0 3 4 5 0 0 0 0 0 0 0"}},
{.type = "Pad", .opset = 13, .attributes = "mode='constant'", .inputs = {"i32[2,3]: 0 1 2 3 4 5",
 "i64[4]: 0 2 1 1"}, .outputs = {"i32[3,6]: 0 0 0 1 2 0 0 0 3 4 5 0 0 0 0 0 0 0"}},
{.type = "Pad", .opset = 13, .attributes = "mode='constant'", .inputs = {"u8[2,3]: 0 1 2 3 4 5",
 "i64[4]: 0 2 1 1"}, .outputs = {"u8[3,6]: 0 0 0 1 2 0 0 0 3 4 5 0 0 0 0 0 0 0"}},
{.name = "axes, and a crop", .type = "Pad", .opset = 18, .attributes = "mode='constant'", .inputs
 = {"f32[2,1,3]: 0 1 2 3 4 5", "i64[2]: 1 -1", "", "i64[1]: -1"}, .outputs = {
 "f32[2,1,3]: 0 0 1 0 3 4"}},
{.name = "pads and crops", .type = "Pad", .opset = 11, .attributes = "mode='constant'", .inputs =
 {"f32[3,4]: 0 1 2 3 4 5 6 7 8 9 10 11", "i64[4]: -1 1 0 -2"}, .outputs = {"f32[2,3]: 0 4 5 0 8 9"
 }},
{.type = "Pad", .opset = 2, .attributes = "mode='constant' pads=[1,1,2,0]", .inputs = {
 "f32[3,2]: 0 1 2 3 4 5"}, .outputs = {"f32[6,3]: 0 0 0 0 0 1 0 2 3 0 4 5 0 0 0 0 0 0"}},
{.type = "Pad", .opset = 13, .attributes = "mode='reflect'", .inputs = {"f32[2,3]: 0 1 2 3 4 5",
 "i64[4]: 0 2 1 1"}, .outputs = {"f32[3,6]: 2 1 0 1 2 1 5 4 3 4 5 4 2 1 0 1 2 1"}},
{.type = "Pad", .opset = 13, .attributes = "mode='reflect'", .inputs = {"i32[2,3]: 0 1 2 3 4 5",
 "i64[4]: 0 2 1 1"}, .outputs = {"i32[3,6]: 2 1 0 1 2 1 5 4 3 4 5 4 2 1 0 1 2 1"}},
{.type = "Pad", .opset = 13, .attributes = "mode='reflect'", .inputs = {"u8[2,3]: 0 1 2 3 4 5",
 "i64[4]: 0 2 1 1"}, .outputs = {"u8[3,6]: 2 1 0 1 2 1 5 4 3 4 5 4 2 1 0 1 2 1"}},
{.name = "axes, and a crop", .type = "Pad", .opset = 18, .attributes = "mode='reflect'", .inputs =
 {"f32[2,1,3]: 0 1 2 3 4 5", "i64[2]: 1 -1", "", "i64[1]: -1"}, .outputs = {
 "f32[2,1,3]: 1 0 1 4 3 4"}},
{.name = "pads and crops", .type = "Pad", .opset = 11, .attributes = "mode='reflect'", .inputs = {
 "f32[3,4]: 0 1 2 3 4 5 6 7 8 9 10 11", "i64[4]: -1 1 0 -2"}, .outputs = {"f32[2,3]: 5 4 5 9 8 9"
 }},
{.type = "Pad", .opset = 2, .attributes = "mode='reflect' pads=[1,1,2,0]", .inputs = {
 "f32[3,2]: 0 1 2 3 4 5"}, .outputs = {"f32[6,3]: 3 2 3 1 0 1 3 2 3 5 4 5 3 2 3 1 0 1"}},
{.type = "Pad", .opset = 13, .attributes = "mode='edge'", .inputs = {"f32[2,3]: 0 1 2 3 4 5",
 "i64[4]: 0 2 1 1"}, .outputs = {"f32[3,6]: 0 0 0 1 2 2 3 3 3 4 5 5 3 3 3 4 5 5"}},
{.type = "Pad", .opset = 13, .attributes = "mode='edge'", .inputs = {"i32[2,3]: 0 1 2 3 4 5",
 "i64[4]: 0 2 1 1"}, .outputs = {"i32[3,6]: 0 0 0 1 2 2 3 3 3 4 5 5 3 3 3 4 5 5"}},
{.type = "Pad", .opset = 13, .attributes = "mode='edge'", .inputs = {"u8[2,3]: 0 1 2 3 4 5",
 "i64[4]: 0 2 1 1"}, .outputs = {"u8[3,6]: 0 0 0 1 2 2 3 3 3 4 5 5 3 3 3 4 5 5"}},
{.name = "axes, and a crop", .type = "Pad", .opset = 18, .attributes = "mode='edge'", .inputs = {
 "f32[2,1,3]: 0 1 2 3 4 5", "i64[2]: 1 -1", "", "i64[1]: -1"}, .outputs = {
 "f32[2,1,3]: 0 0 1 3 3 4"}},
{.name = "pads and crops", .type = "Pad", .opset = 11, .attributes = "mode='edge'", .inputs = {
 "f32[3,4]: 0 1 2 3 4 5 6 7 8 9 10 11", "i64[4]: -1 1 0 -2"}, .outputs = {"f32[2,3]: 4 4 5 8 8 9"
 }},
{.type = "Pad", .opset = 2, .attributes = "mode='edge' pads=[1,1,2,0]", .inputs = {
 "f32[3,2]: 0 1 2 3 4 5"}, .outputs = {"f32[6,3]: 0 0 1 0 0 1 2 2 3 4 4 5 4 4 5 4 4 5"}},
{.type = "Pad", .opset = 13, .attributes = "mode='constant'", .inputs = {"bool[2,2]: 0 1 0 1",
 "i64[4]: 1 0 0 1", "bool[]: 1"}, .outputs = {"bool[3,3]: 1 1 1 0 1 1 0 1 1"}},
{.type = "Pad", .opset = 13, .inputs = {"i64[2]: 0 1", "i64[2]: 1 2", "i64[]: -7"}, .outputs = {
 "i64[5]: -7 0 1 -7 -7"}},
{.type = "Pad", .opset = 2, .attributes = "pads=[1,1] value=2.5", .inputs = {"f32[2]: 0 1"},
 .outputs = {"f32[4]: 2.5 0 1 2.5"}},
{.type = "Pad", .opset = 19, .attributes = "mode='wrap'", .inputs = {"f32[2,3]: 0 1 2 3 4 5",
 "i64[4]: 1 2 0 1"}, .outputs = {"f32[3,6]: 4 5 3 4 5 3 1 2 0 1 2 0 4 5 3 4 5 3"}},
{.name = "around nothing", .type = "Pad", .opset = 13, .inputs = {"f32[0]:", "i64[2]: 1 1",
 "f32[]: 3"}, .outputs = {"f32[2]: 3 3"}},
{.name = "as images are", .type = "Pad", .opset = 13, .attributes = "mode='reflect'", .inputs = {
 "f32[2,2,2,2]: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", "i64[8]: 0 0 1 1 0 0 1 1"}, .outputs = {
 "f32[2,2,4,4]: 3 2 3 2 1 0 1 0 3 2 3 2 1 0 1 0 7 6 7 6 5 4 5 4 7 6 7 6 5 4 5 4 11 "
 "10 11 10 9 8 9 8 11 10 11 10 9 8 9 8 15 14 15 14 13 12 13 12 15 14 15 14 13 12 ""13 12"}},
{.type = "Gather", .opset = 13, .attributes = "axis=0", .inputs = {"f32[3,2]: 0 1 2 3 4 5",
 "i64[2]: 2 0"}, .outputs = {"f32[2,2]: 4 5 0 1"}},
{.type = "Gather", .opset = 13, .attributes = "axis=0", .inputs = {"i32[3,2]: 0 1 2 3 4 5",
 "i64[2]: 2 0"}, .outputs = {"i32[2,2]: 4 5 0 1"}},
{.type = "Gather", .opset = 13, .attributes = "axis=0", .inputs = {"i64[3,2]: 0 1 2 3 4 5",
 "i64[2]: 2 0"}, .outputs = {"i64[2,2]: 4 5 0 1"}},
{.type = "Gather", .opset = 13, .attributes = "axis=0", .inputs = {"u8[3,2]: 0 1 2 3 4 5",
 "i64[2]: 2 0"}, .outputs = {"u8[2,2]: 4 5 0 1"}},
{.type = "Gather", .opset = 13, .attributes = "axis=0", .inputs = {"bool[3,2]: 0 1 0 1 0 1",
 "i64[2]: 2 0"}, .outputs = {"bool[2,2]: 0 1 0 1"}},
{.type = "Gather", .opset = 11, .attributes = "axis=1", .inputs = {"f32[2,3]: 0 1 2 3 4 5",
 "i32[2,2]: -1 0 1 -3"}, .outputs = {"f32[2,2,2]: 2 0 1 0 5 3 4 3"}},
{.name = "one row", .type = "Gather", .opset = 1, .inputs = {"f32[3,2]: 0 1 2 3 4 5", "i64[]: 1"},
 .outputs = {"f32[2]: 2 3"}},
{.type = "Gather", .opset = 13, .attributes = "axis=-2", .inputs = {
 "f32[2,2,3]: 0 1 2 3 4 5 6 7 8 9 10 11", "i64[1]: 1"}, .outputs = {"f32[2,1,3]: 3 4 5 9 10 11"}},
{.name = "none", .type = "Gather", .opset = 13, .inputs = {"f32[2]: 0 1", "i64[0]:"}, .outputs = {
 "f32[0]:"}},
{.type = "GatherElements", .opset = 13, .attributes = "axis=1", .inputs = {"f32[2,2]: 0 1 2 3",
 "i64[2,2]: 0 0 1 0"}, .outputs = {"f32[2,2]: 0 0 3 2"}},
{.type = "GatherElements", .opset = 11, .attributes = "axis=0", .inputs = {
 "i64[3,3]: 0 1 2 3 4 5 6 7 8", "i64[2,3]: -1 -2 0 2 0 0"}, .outputs = {"i64[2,3]: 6 4 2 6 1 2"}},
