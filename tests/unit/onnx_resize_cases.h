/* Cases of Resize and Upsample: ONNX's own, as its Python package (1.12) computes them
 * (Apache-2.0), and others with the numbers of ONNX Runtime 1.30. Left out: two that take
 * align_corners of a length that is no integer; here, as in ONNX Runtime, lengths are integers. */
#ifndef TESTS_UNIT_ONNX_RESIZE_CASES_H
#define TESTS_UNIT_ONNX_RESIZE_CASES_H

#include "tests/unit/op_case.h"

static const struct op_case onnx_resize_cases[] = {
    {.name = "resize_upsample_scales_nearest",
     .type = "Resize",
     .opset = 13,
     .attributes = "mode='nearest'",
     .inputs = {"f32[1,1,2,2]: 1 2 3 4", "", "f32[4]: 1 1 2 3"},
     .outputs = {"f32[1,1,4,6]: 1 1 1 2 2 2 1 1 1 2 2 2 3 3 3 4 4 4 3 3 3 4 4 4"}},
    {.name = "resize_downsample_scales_nearest",
     .type = "Resize",
     .opset = 13,
     .attributes = "mode='nearest'",
     .inputs = {"f32[1,1,2,4]: 1 2 3 4 5 6 7 8", "", "f32[4]: 1 1 0.6 0.6"},
     .outputs = {"f32[1,1,1,2]: 1 3"}},
    {.name = "resize_upsample_sizes_nearest",
     .type = "Resize",
     .opset = 13,
     .attributes = "mode='nearest'",
     .inputs = {"f32[1,1,2,2]: 1 2 3 4", "", "", "i64[4]: 1 1 7 8"},
     .outputs = {"f32[1,1,7,8]: 1 1 1 1 2 2 2 2 1 1 1 1 2 2 2 2 1 1 1 1 2 2 2 2 1 1 1 1 2 2 2 2 "
                 "3 3 3 3 4 4 4 4 3 3 3 3 4 4 4 4 3 3 3 3 4 4 4 4"}},
    {.name = "resize_downsample_sizes_nearest",
     .type = "Resize",
     .opset = 13,
     .attributes = "mode='nearest'",
     .inputs = {"f32[1,1,2,4]: 1 2 3 4 5 6 7 8", "", "", "i64[4]: 1 1 1 3"},
     .outputs = {"f32[1,1,1,3]: 1 2 4"}},
    {.name = "resize_upsample_scales_linear",
     .type = "Resize",
     .opset = 13,
     .attributes = "mode='linear'",
     .inputs = {"f32[1,1,2,2]: 1 2 3 4", "", "f32[4]: 1 1 2 2"},
     .outputs = {"f32[1,1,4,4]: 1 1.25 1.75 2 1.5 1.75 2.25 2.5 2.5 2.75 3.25 3.5 3 3.25 3.75 4"}},
    {.name = "resize_upsample_scales_linear_align_corners",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='align_corners' mode='linear'",
     .inputs = {"f32[1,1,2,2]: 1 2 3 4", "", "f32[4]: 1 1 2 2"},
     .outputs = {"f32[1,1,4,4]: 1 1.3333334 1.6666666 2 1.6666666 2 2.3333333 2.6666667 "
                 "2.3333333 2.6666667 3 3.3333333 3 3.3333333 3.6666667 4"}},
    {.name = "resize_downsample_scales_linear",
     .type = "Resize",
     .opset = 13,
     .attributes = "mode='linear'",
     .inputs = {"f32[1,1,2,4]: 1 2 3 4 5 6 7 8", "", "f32[4]: 1 1 0.6 0.6"},
     .outputs = {"f32[1,1,1,2]: 2.6666665 4.333333"}},
    {.name = "resize_upsample_scales_cubic",
     .type = "Resize",
     .opset = 13,
     .attributes = "mode='cubic'",
     .inputs = {"f32[1,1,4,4]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "", "f32[4]: 1 1 2 2"},
     .outputs = {"f32[1,1,8,8]: 0.47265625 0.76953125 1.2460938 1.875 2.28125 2.9101562 "
                 "3.3867188 3.6835938 1.6601562 1.9570312 2.4335938 3.0625 3.46875 4.0976562 "
                 "4.5742188 4.8710938 3.5664062 3.8632812 4.3398438 4.96875 5.375 6.0039062 "
                 "6.4804688 6.7773438 6.0820312 6.3789062 6.8554688 7.484375 7.890625 8.519531 "
                 "8.996094 9.292969 7.7070312 8.003906 8.480469 9.109375 9.515625 10.144531 "
                 "10.621094 10.917969 10.222656 10.519531 10.996094 11.625 12.03125 12.660156 "
                 "13.136719 13.433594 12.128906 12.425781 12.902344 13.53125 13.9375 14.566406 "
                 "15.042969 15.339844 13.316406 13.613281 14.089844 14.71875 15.125 15.753906 "
                 "16.230469 16.527344"}},
    {.name = "resize_upsample_scales_cubic_align_corners",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='align_corners' mode='cubic'",
     .inputs = {"f32[1,1,4,4]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "", "f32[4]: 1 1 2 2"},
     .outputs = {"f32[1,1,8,8]: 1 1.3411078 1.8002915 2.329446 2.670554 3.1997085 3.6588922 4 "
                 "2.3644314 2.7055395 3.164723 3.6938775 4.0349855 4.56414 5.0233235 5.3644314 "
                 "4.201166 4.542274 5.0014577 5.5306125 5.8717203 6.4008746 6.8600583 7.201166 "
                 "6.3177843 6.658892 7.118076 7.64723 7.988338 8.517492 8.976676 9.317784 "
                 "7.6822157 8.023324 8.482508 9.011662 9.35277 9.881925 10.341108 10.682216 "
                 "9.798834 10.139941 10.599125 11.12828 11.469388 11.998542 12.457726 12.798834 "
                 "11.635569 11.976676 12.43586 12.965014 13.306123 13.835277 14.29446 14.635569 "
                 "13 13.341108 13.800292 14.329446 14.670554 15.199708 15.658892 16"}},
    {.name = "resize_downsample_scales_cubic",
     .type = "Resize",
     .opset = 13,
     .attributes = "mode='cubic'",
     .inputs = {"f32[1,1,4,4]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "", "f32[4]: 1 1 0.8 0.8"},
     .outputs = {"f32[1,1,3,3]: 1.4711914 2.78125 4.0825195 6.711426 8.021484 9.322754 11.916504 "
                 "13.2265625 14.527832"}},
    {.name = "resize_upsample_sizes_cubic",
     .type = "Resize",
     .opset = 13,
     .attributes = "mode='cubic'",
     .inputs = {"f32[1,1,4,4]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "", "", "i64[4]: 1 1 9 10"},
     .outputs = {"f32[1,1,9,10]: 0.45507923 0.6405792 0.9715792 1.4225792 1.9073292 2.2233293 "
                 "2.708079 3.1590793 3.4900792 3.6755793 1.3943796 1.5798796 1.9108796 2.3618796 "
                 "2.8466296 3.1626296 3.6473796 4.0983796 4.4293795 4.6148796 2.9513068 3.136807 "
                 "3.4678068 3.918807 4.403557 4.719557 5.204307 5.655307 5.986307 6.171807 "
                 "5.2052507 5.390751 5.7217507 6.1727505 6.6575007 6.9735007 7.4582505 7.9092507 "
                 "8.240251 8.425751 6.88975 7.07525 7.40625 7.85725 8.342 8.658 9.14275 9.59375 "
                 "9.92475 10.11025 8.574249 8.759749 9.09075 9.541749 10.0265 10.3425 10.82725 "
                 "11.27825 11.609249 11.794749 10.828193 11.013693 11.344693 11.795693 12.280443 "
                 "12.596443 13.081193 13.532193 13.8631935 14.048693 12.38512 12.570621 12.90162 "
                 "13.35262 13.83737 14.15337 14.638121 15.08912 15.42012 15.60562 13.324421 "
                 "13.509921 13.84092 14.291921 14.77667 15.09267 15.577421 16.028421 16.35942 "
                 "16.54492"}},
    {.name = "resize_downsample_sizes_cubic",
     .type = "Resize",
     .opset = 13,
     .attributes = "mode='cubic'",
     .inputs = {"f32[1,1,4,4]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "", "", "i64[4]: 1 1 3 3"},
     .outputs = {"f32[1,1,3,3]: 1.630787 3.0046296 4.3784723 7.1261573 8.5 9.873842 12.621528 "
                 "13.99537 15.369213"}},
    {.name = "resize_upsample_scales_cubic_A_n0p5_exclude_outside",
     .type = "Resize",
     .opset = 13,
     .attributes = "cubic_coeff_a=-0.5 exclude_outside=1 mode='cubic'",
     .inputs = {"f32[1,1,4,4]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "", "f32[4]: 1 1 2 2"},
     .outputs = {"f32[1,1,8,8]: 0.5588235 0.81494206 1.3569825 1.8970588 2.3970587 2.9371352 "
                 "3.4791756 3.735294 1.5832976 1.839416 2.3814566 2.9215329 3.4215329 3.9616091 "
                 "4.5036497 4.759768 3.7514594 4.007578 4.5496182 5.0896945 5.5896945 6.1297708 "
                 "6.6718116 6.92793 5.9117646 6.1678834 6.7099237 7.25 7.75 8.290076 8.832117 "
                 "9.088235 7.9117646 8.167883 8.709924 9.25 9.75 10.290076 10.832117 11.088235 "
                 "10.07207 10.328189 10.870229 11.410305 11.910305 12.450381 12.992422 13.248541 "
                 "12.2402315 12.49635 13.038391 13.578467 14.078467 14.618544 15.1605835 "
                 "15.416702 13.264706 13.520824 14.062865 14.6029415 15.1029415 15.643018 "
                 "16.185059 16.441177"}},
    {.name = "resize_downsample_scales_cubic_A_n0p5_exclude_outside",
     .type = "Resize",
     .opset = 13,
     .attributes = "cubic_coeff_a=-0.5 exclude_outside=1 mode='cubic'",
     .inputs = {"f32[1,1,4,4]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "", "f32[4]: 1 1 0.8 0.8"},
     .outputs = {"f32[1,1,3,3]: 1.3681267 2.6695013 4.0133367 6.573625 7.875 9.218835 11.948966 "
                 "13.250341 14.594176"}},
    {.name = "resize_upsample_scales_cubic_asymmetric",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='asymmetric' mode='cubic'",
     .inputs = {"f32[1,1,4,4]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "", "f32[4]: 1 1 2 2"},
     .outputs = {"f32[1,1,8,8]: 1 1.40625 2 2.5 3 3.59375 4 4.09375 2.625 3.03125 3.625 4.125 "
                 "4.625 5.21875 5.625 5.71875 5 5.40625 6 6.5 7 7.59375 8 8.09375 7 7.40625 8 "
                 "8.5 9 9.59375 10 10.09375 9 9.40625 10 10.5 11 11.59375 12 12.09375 11.375 "
                 "11.78125 12.375 12.875 13.375 13.96875 14.375 14.46875 13 13.40625 14 14.5 15 "
                 "15.59375 16 16.09375 13.375 13.78125 14.375 14.875 15.375 15.96875 16.375 "
                 "16.46875"}},
    {.name = "resize_tf_crop_and_resize",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='tf_crop_and_resize' mode='linear'",
     .inputs = {"f32[1,1,4,4]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
                "f32[8]: 0 0 0.4 0.6 1 1 0.6 0.8", "", "i64[4]: 1 1 3 3"},
     .outputs = {"f32[1,1,3,3]: 7.6000004 7.9 8.2 8.8 9.1 9.400001 10 10.3 10.6"}},
    {.name = "resize_tf_crop_and_resize",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='tf_crop_and_resize' extrapolation_value=10. "
                   "mode='linear'",
     .inputs = {"f32[1,1,4,4]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
                "f32[8]: 0 0 0.4 0.6 1 1 1.2 1.7", "", "i64[4]: 1 1 3 3"},
     .outputs = {"f32[1,1,3,3]: 7.6000004 10 10 12.400001 10 10 10 10 10"}},
    {.name = "resize_downsample_sizes_linear_pytorch_half_pixel",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='pytorch_half_pixel' mode='linear'",
     .inputs = {"f32[1,1,4,4]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "", "", "i64[4]: 1 1 3 1"},
     .outputs = {"f32[1,1,3,1]: 1.6666666 7 12.333333"}},
    {.name = "resize_upsample_sizes_nearest_floor_align_corners",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='align_corners' mode='nearest' "
                   "nearest_mode='floor'",
     .inputs = {"f32[1,1,4,4]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "", "", "i64[4]: 1 1 8 8"},
     .outputs = {"f32[1,1,8,8]: 1 1 1 2 2 3 3 4 1 1 1 2 2 3 3 4 1 1 1 2 2 3 3 4 5 5 5 6 6 7 7 8 "
                 "5 5 5 6 6 7 7 8 9 9 9 10 10 11 11 12 9 9 9 10 10 11 11 12 13 13 13 14 14 15 15 "
                 "16"}},
    {.name = "resize_upsample_sizes_nearest_round_prefer_ceil_asymmetric",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='asymmetric' mode='nearest' "
                   "nearest_mode='round_prefer_ceil'",
     .inputs = {"f32[1,1,4,4]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "", "", "i64[4]: 1 1 8 8"},
     .outputs = {"f32[1,1,8,8]: 1 2 2 3 3 4 4 4 5 6 6 7 7 8 8 8 5 6 6 7 7 8 8 8 9 10 10 11 11 12 "
                 "12 12 9 10 10 11 11 12 12 12 13 14 14 15 15 16 16 16 13 14 14 15 15 16 16 16 "
                 "13 14 14 15 15 16 16 16"}},
    {.name = "resize_upsample_sizes_nearest_ceil_half_pixel",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='half_pixel' mode='nearest' nearest_mode='ceil'",
     .inputs = {"f32[1,1,4,4]: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "", "", "i64[4]: 1 1 8 8"},
     .outputs = {"f32[1,1,8,8]: 1 2 2 3 3 4 4 4 5 6 6 7 7 8 8 8 5 6 6 7 7 8 8 8 9 10 10 11 11 12 "
                 "12 12 9 10 10 11 11 12 12 12 13 14 14 15 15 16 16 16 13 14 14 15 15 16 16 16 "
                 "13 14 14 15 15 16 16 16"}},
    {.name = "upsample_nearest",
     .type = "Upsample",
     .opset = 9,
     .attributes = "mode='nearest'",
     .inputs = {"f32[1,1,2,2]: 1 2 3 4", "f32[4]: 1 1 2 3"},
     .outputs = {"f32[1,1,4,6]: 1 1 1 2 2 2 1 1 1 2 2 2 3 3 3 4 4 4 3 3 3 4 4 4"}},
};

static const struct op_case onnxruntime_resize_cases[] = {
    {.name = "opset 10 nearest goes up when shrinking",
     .type = "Resize",
     .opset = 10,
     .attributes = "mode='nearest'",
     .inputs = {"f32[1,1,4,5]: 5.5 5.5 0.3 -3.9 -8 -2.1 -1.6 -8.2 -8.1 9 2.7 -4.8 -1.2 8.5 7.2 "
                "6.2 -1.9 -0.1 3.2 -7.9",
                "f32[4]: 1 1 0.6 0.6"},
     .outputs = {"f32[1,1,2,3]: 5.5 0.3 -8 2.7 -1.2 7.2"}},
    {.name = "opset 10 linear",
     .type = "Resize",
     .opset = 10,
     .attributes = "mode='linear'",
     .inputs = {"f32[1,1,2,3]: 1 -4.1 6.8 -7.8 3.2 6.7", "f32[4]: 1 1 2 1.5"},
     .outputs = {"f32[1,1,4,4]: 1 -2.4 -0.46666622 6.8 -3.4 -1.4333333 1.9500003 6.75 -7.8 "
                 "-0.46666646 4.366667 6.7 -7.8 -0.46666646 4.366667 6.7"}},
    {.name = "opset 9 linear",
     .type = "Upsample",
     .opset = 9,
     .attributes = "mode='linear'",
     .inputs = {"f32[1,1,2,3]: -4.9 7.1 6.7 -8.7 3.7 -9", "f32[4]: 1 1 2 2"},
     .outputs = {"f32[1,1,4,6]: -4.9 1.0999999 7.1 6.8999996 6.7 6.7 -6.8 -0.7 5.4 2.125 "
                 "-1.1500001 -1.1500001 -8.7 -2.5 3.7 -2.65 -9 -9 -8.7 -2.5 3.7 -2.65 -9 -9"}},
    {.name = "opset 9 nearest",
     .type = "Upsample",
     .opset = 9,
     .attributes = "mode='nearest'",
     .inputs = {"f32[1,1,2,2]: 0.1 -1.1 -5.3 -3.2", "f32[4]: 1 1 1.5 2"},
     .outputs = {"f32[1,1,3,4]: 0.1 0.1 -1.1 -1.1 0.1 0.1 -1.1 -1.1 -5.3 -5.3 -3.2 -3.2"}},
    {.name = "opset 7 scales in an attribute",
     .type = "Upsample",
     .opset = 7,
     .attributes = "mode='nearest' scales=[1.,1.,2.,3.]",
     .inputs = {"f32[1,1,2,2]: 5.5 -3.3 -6.3 3.6"},
     .outputs = {"f32[1,1,4,6]: 5.5 5.5 5.5 -3.3 -3.3 -3.3 5.5 5.5 5.5 -3.3 -3.3 -3.3 -6.3 -6.3 "
                 "-6.3 3.6 3.6 3.6 -6.3 -6.3 -6.3 3.6 3.6 3.6"}},
    {.name = "linear over three axes",
     .type = "Resize",
     .opset = 13,
     .attributes = "mode='linear'",
     .inputs = {"f32[1,1,2,2,2]: -0.9 5.4 -4.8 -3.2 5.4 0.1 0.1 -4.7", "", "f32[5]: 1 1 1.5 2 1.5"},
     .outputs = {"f32[1,1,3,4,3]: -0.9 2.25 5.4 -1.875 0.6875001 3.25 -3.825 -2.4375 -1.0500001 "
                 "-4.8 -4 -3.2 2.25 2.5 2.7500002 1.1000001 1.0875001 1.0749998 -1.1999999 "
                 "-1.7375 -2.2749999 -2.35 -3.1499996 -3.9500003 5.4 2.75 0.1 4.075 1.4875002 "
                 "-1.0999999 1.4250001 -1.0374999 -3.4999998 0.1 -2.2999997 -4.7000003"}},
    {.name = "linear over one axis, align_corners",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='align_corners' mode='linear'",
     .inputs = {"f32[1,1,4]: -8.7 7.8 -7.5 6.2", "", "", "i64[3]: 1 1 7"},
     .outputs = {"f32[1,1,7]: -8.7 -0.4499998 7.8 0.1500001 -7.5 -0.6500001 6.2000003"}},
    {.name = "uint8 linear",
     .type = "Resize",
     .opset = 13,
     .attributes = "mode='linear'",
     .inputs = {"u8[1,1,3,3]: 115 93 249 242 172 101 53 238 68", "", "f32[4]: 1 1 2 2"},
     .outputs = {"u8[1,1,6,6]: 115 109 98 132 210 249 146 138 121 137 187 212 210 195 166 148 "
                 "141 138 194 193 190 164 116 92 100 130 191 185 112 76 53 99 191 195 110 68"}},
    {.name = "cubic without what is outside",
     .type = "Resize",
     .opset = 13,
     .attributes = "cubic_coeff_a=-0.5 exclude_outside=1 mode='cubic'",
     .inputs = {"f32[1,1,4,4]: -4.7 4.3 3.1 3.3 -0.7 -5 2.5 -7.1 3.5 2.4 -2.2 5.4 -5.5 -2 5.4 "
                "-2.2",
                "", "f32[4]: 1 1 1.5 0.8"},
     .outputs = {"f32[1,1,6,3]: -4.160122 4.985272 3.6395373 -2.8836138 1.1601218 -0.43478575 "
                 "-0.2803264 -2.3801446 -3.2954829 3.4332466 -0.051958963 2.03383 -0.9023297 "
                 "0.9525908 1.9724993 -5.8407536 1.1980958 0.40548342"}},
    {.name = "pytorch_half_pixel to one element",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='pytorch_half_pixel' mode='linear'",
     .inputs = {"f32[1,1,3,4]: 3.8 2 7.9 8.9 4 5.6 -6.2 3.8 6.3 -1.8 1 -0.4", "", "",
                "i64[4]: 1 1 1 7"},
     .outputs = {"f32[1,1,1,7]: 3.8 3.1571426 2.1285713 4.95 7.971429 8.542857 8.9"}},
    {.name = "a region beyond the image",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='tf_crop_and_resize' extrapolation_value=7.5 "
                   "mode='linear'",
     .inputs = {"f32[1,1,4,4]: 8.3 -3.3 -1.8 -9 -1.4 2.4 7.8 7.6 -3.1 8.8 -5.6 5.8 -6.2 -1.7 "
                "-7.7 6.4",
                "f32[8]: 0 0 0.3 -0.2 1 1 0.8 1.1", "", "i64[4]: 1 1 3 5"},
     .outputs = {"f32[1,1,3,5]: 7.5 0.41749996 3.5835004 6.5475 7.5 7.5 0.8943753 3.9455 "
                 "1.4755012 7.5 7.5 -0.98750037 0.7359991 -2.3839962 7.5"}},
    {.name = "half_pixel_symmetric",
     .type = "Resize",
     .opset = 19,
     .attributes = "coordinate_transformation_mode='half_pixel_symmetric' mode='linear'",
     .inputs = {"f32[1,1,5,3]: 5.9 -6.5 0.5 -4.4 -0.1 1 -7.1 6.6 -4 -1 -8 -9 -5.5 -2.8 7.7", "",
                "f32[4]: 1 1 0.7 1.5"},
     .outputs = {"f32[1,1,3,4]: 0.014286041 -1.8904762 -1.6333334 0.78571427 -7.1 2.0333326 "
                 "3.0666661 -4 -2.9285715 -4.8238096 -4.4619045 -1.8428564"}},
    {.name = "axes alone are scaled",
     .type = "Resize",
     .opset = 18,
     .attributes = "axes=[3,2] mode='nearest'",
     .inputs = {"f32[1,1,2,3]: 7 -0.4 -0.8 3 6.5 -2.9", "", "f32[2]: 2 1.5"},
     .outputs = {"f32[1,1,3,6]: 7 7 -0.4 -0.4 -0.8 -0.8 7 7 -0.4 -0.4 -0.8 -0.8 3 3 6.5 6.5 -2.9 "
                 "-2.9"}},
    {.name = "not larger than the sizes",
     .type = "Resize",
     .opset = 18,
     .attributes = "axes=[2,3] keep_aspect_ratio_policy='not_larger' mode='linear'",
     .inputs = {"f32[1,1,3,4]: 5.3 -1.8 1.7 4.3 0 3.4 3.6 -8.9 -8.3 -6.3 -5.2 -5.3", "", "",
                "i64[2]: 7 6"},
     .outputs = {"f32[1,1,5,6]: 5.3 1.7500001 -1.2166667 1.1166666 3 4.3 2.65 1.7250001 "
                 "1.1083333 2.3416665 0.17500019 -2.2999997 -1.3833331 0.20000029 1.8416672 "
                 "2.0750005 -3.083333 -8.299999 -6.916666 -5.799999 -4.5249996 -3.891666 "
                 "-4.8166666 -5.9000006 -8.3 -7.3 -6.116667 -5.383333 -5.25 -5.3"}},
    {.name = "not smaller than the sizes",
     .type = "Resize",
     .opset = 18,
     .attributes = "axes=[2,3] keep_aspect_ratio_policy='not_smaller' mode='nearest'",
     .inputs = {"f32[1,1,3,4]: -8.1 -5.1 1.8 6.9 -2.7 -2.4 -1.5 3.2 5.1 7.9 -2.2 3.7", "", "",
                "i64[2]: 5"},
     .outputs = {"f32[1,1,5,7]: -8.1 -8.1 -5.1 1.8 1.8 6.9 6.9 -8.1 -8.1 -5.1 1.8 1.8 6.9 6.9 "
                 "-2.7 -2.7 -2.4 -1.5 -1.5 3.2 3.2 5.1 5.1 7.9 -2.2 -2.2 3.7 3.7 5.1 5.1 7.9 "
                 "-2.2 -2.2 3.7 3.7"}},
    {.name = "antialiased linear",
     .type = "Resize",
     .opset = 18,
     .attributes = "antialias=1 mode='linear'",
     .inputs = {"f32[1,1,6,7]: -2.9 5.8 -4.8 6.7 0.1 4.1 0.6 -3.3 -0.1 -8.1 -8.2 0.5 -0.4 6 "
                "-8.6 1 -0.2 1.8 4.1 0.4 1.1 -0.1 2.1 -4.5 0.9 3.1 -5.6 8.8 4.4 8.2 -3.7 -1 "
                "-4.3 -8.2 -8.7 -4.6 6.5 -6.1 3.4 -4.5 -7.8 -5.5",
                "", "", "i64[4]: 1 1 3 2"},
     .outputs = {"f32[1,1,3,2]: -1.4681122 1.2454083 -0.9897959 0.51224506 0.4150511 -4.4209185"}},
    {.name = "antialiased cubic",
     .type = "Resize",
     .opset = 18,
     .attributes = "antialias=1 mode='cubic'",
     .inputs = {"f32[1,1,6,7]: 3.2 0 0.9 -0.8 -4.1 -0.2 7.6 -5.4 4.2 -4.5 -5.5 -3.2 -7.3 7.8 "
                "-2.4 -5.8 -9 -7.9 -5.1 -1.5 1.8 8.7 7 -4.6 2 7.6 -7.2 6.4 -1.9 5.1 -3.2 2.3 "
                "0.1 -7.1 4.7 5.8 -0.3 -2 8.1 -2.3 6.8 -1.5",
                "", "f32[4]: 1 1 0.5 0.6"},
     .outputs = {"f32[1,1,3,4]: -0.47637305 -1.9452745 -5.088866 0.8015372 1.6382716 -4.6544123 "
                 "-2.0284884 -1.1756437 3.2398748 0.77345914 2.329309 0.14380789"}},
    {.name = "antialiased cubic without what is outside",
     .type = "Resize",
     .opset = 18,
     .attributes = "antialias=1 exclude_outside=1 mode='cubic'",
     .inputs = {"f32[1,1,6,7]: -2.3 -2.5 -7.9 -4 -4.9 -7.9 0.7 -1 -8.5 -6.2 7.5 -6.6 -2.3 8.1 "
                "-7 -1.6 5.4 -8.7 -7.8 7.7 3.3 -4.3 -0.4 -4.5 7.1 8.1 -7.7 0.4 -5.7 -1.7 4.3 "
                "3.8 -5.6 -3 -1.3 -2 3.3 5.2 -3 -1.1 -7.8 -2.4",
                "", "f32[4]: 1 1 0.5 0.6"},
     .outputs = {"f32[1,1,3,4]: -3.7117486 -4.2232575 -4.250782 -0.58649486 -4.2345443 "
                 "0.24052478 -0.18871042 0.9182279 -1.8694677 3.2329798 -0.7530752 -4.569788"}},
    {.name = "antialiased uint8 linear",
     .type = "Resize",
     .opset = 18,
     .attributes = "antialias=1 mode='linear'",
     .inputs = {"u8[1,1,4,7]: 141 81 241 211 128 231 142 234 154 90 144 177 205 247 66 26 80 "
                "147 226 232 127 11 244 58 35 56 199 135",
                "", "", "i64[4]: 1 1 4 3"},
     .outputs = {"u8[1,1,4,3]: 137 192 173 177 143 218 54 148 185 107 67 144"}},
    {.name = "round_prefer_floor",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='asymmetric' mode='nearest' "
                   "nearest_mode='round_prefer_floor'",
     .inputs = {"f32[1,1,1,5]: -0.5 6.9 -6.6 0.3 -4.5", "", "f32[4]: 1 1 1 2"},
     .outputs = {"f32[1,1,1,10]: -0.5 -0.5 6.9 6.9 -6.6 -6.6 0.3 0.3 -4.5 -4.5"}},
    {.name = "round_prefer_ceil",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='asymmetric' mode='nearest' "
                   "nearest_mode='round_prefer_ceil'",
     .inputs = {"f32[1,1,1,5]: -2.8 5.7 -1.8 5.1 -8.8", "", "f32[4]: 1 1 1 2"},
     .outputs = {"f32[1,1,1,10]: -2.8 5.7 5.7 -1.8 -1.8 5.1 5.1 -8.8 -8.8 -8.8"}},
    {.name = "floor",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='asymmetric' mode='nearest' "
                   "nearest_mode='floor'",
     .inputs = {"f32[1,1,1,5]: 9 8.2 3.2 -5.5 2.8", "", "f32[4]: 1 1 1 2"},
     .outputs = {"f32[1,1,1,10]: 9 9 8.2 8.2 3.2 3.2 -5.5 -5.5 2.8 2.8"}},
    {.name = "ceil",
     .type = "Resize",
     .opset = 13,
     .attributes = "coordinate_transformation_mode='asymmetric' mode='nearest' nearest_mode='ceil'",
     .inputs = {"f32[1,1,1,5]: -5.6 -2.3 -8.4 -7.7 -6.2", "", "f32[4]: 1 1 1 2"},
     .outputs = {"f32[1,1,1,10]: -5.6 -2.3 -2.3 -8.4 -8.4 -7.7 -7.7 -6.2 -6.2 -6.2"}},
};

#endif
