/* Tests of Winograd convolution (compute/kernels/conv_winograd.c, winograd.c). */
#include "compute/kernels/winograd.h"

#include "tests/unit/compute_kernels_conv_case.h"

#define CASES 100
#define LIMIT 1e-4

static const enum conv_algorithm algorithms[] = {CONV_WINOGRAD_2, CONV_WINOGRAD_4,
                                                 CONV_WINOGRAD_25};

static void run_cases(struct conv_case (*make)(unsigned number, uint32_t taps), unsigned count)
{
    static const uint32_t threads[] = {1, 2, 7};
    struct thread_pool *pools[3];
    double worst[3] = {0};
    for (size_t i = 0; i < 3; i++)
        CU_ASSERT_EQUAL_FATAL(thread_pool_create(threads[i], &pools[i]), 0);
    for (unsigned i = 0; i < count; i++) {
        for (size_t a = 0; a < 3; a++) {
            struct conv_case c = make(i, algorithms[a] == CONV_WINOGRAD_25 ? 5 : 3);
            CU_ASSERT_TRUE(conv_supports(algorithms[a], ISA_PLAIN, &c.shape));
            conv_case_check(&c, algorithms[a], LIMIT, pools, 3, &worst[a]);
            conv_case_fini(&c);
        }
    }
    for (size_t i = 0; i < 3; i++)
        thread_pool_destroy(pools[i]);
    printf("largest error: 2x2 3x3 %.2g, 4x4 3x3 %.2g, 2x2 5x5 %.2g ", worst[0], worst[1],
           worst[2]);
}

static struct conv_case random_case(unsigned number, uint32_t taps)
{
    struct conv_case c = {.images = random_between(1, 3)};
    struct conv_shape *s = &c.shape;
    *s = (struct conv_shape){
        .in_height = random_between(1, 23),
        .in_width = random_between(1, 23),
        .in_channels = random_below(3) ? random_between(1, 40) : random_between(1, 130),
        .out_channels = random_below(3) ? random_between(1, 40) : random_between(1, 130),
        .kernel_height = taps,
        .kernel_width = taps,
        .stride_height = 1,
        .stride_width = 1,
        .dilation_height = 1,
        .dilation_width = 1,
        .pad_top = random_below(taps + 1),
        .pad_left = random_below(taps + 1),
        .groups = 1,
    };
    uint32_t height = s->in_height + s->pad_top + random_below(taps);
    uint32_t width = s->in_width + s->pad_left + random_below(taps);
    s->out_height = height < taps ? 1 : height - taps + 1;
    s->out_width = width < taps ? 1 : width - taps + 1;
    conv_case_init(&c);
    return c;
}

static void match_brute_force(void)
{
    random_state = 1980;
    run_cases(random_case, CASES);
}

static struct conv_case real_layer(unsigned number, uint32_t taps)
{
    static const uint32_t sizes[][3] = {{56, 64, 64}, {13, 256, 384}, {7, 512, 96}, {40, 3, 24}};
    struct conv_case c = {.images = 2};
    const uint32_t *size = sizes[number];
    c.shape =
        (struct conv_shape){size[0], size[0], size[1], size[0], size[0],  size[2],  taps, taps,
                            1,       1,       1,       1,       taps / 2, taps / 2, 1};
    conv_case_init(&c);
    return c;
}

static void match_on_real_layers(void)
{
    random_state = 3;
    run_cases(real_layer, 4);
}

/* The matrices of F(2x2, 3x3) as Lavin and Gray print them (arXiv 1509.09308), up to the sign and
 * scale that a row of B^T may trade with the same row of G. */
static void matrices_are_the_published_ones(void)
{
    static const double input[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}};
    static const double weight[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
    struct winograd_matrices m;
    winograd_matrices(WINOGRAD_2_3, &m);
    for (uint32_t i = 0; i < 4; i++) {
        for (uint32_t j = 0; j < 4; j++) {
            for (uint32_t k = 0; k < 3; k++) {
                /* The last point's sign goes to A^T in the paper. */
                double sign = i == 3 ? -1 : 1;
                CU_ASSERT_DOUBLE_EQUAL(m.input[i][j] * m.weight[i][k],
                                       sign * input[i][j] * weight[i][k], 1e-15);
            }
        }
    }
}

static void needs_its_kernel_size(void)
{
    struct conv_shape s = {14, 14, 8, 14, 14, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1};
    CU_ASSERT_TRUE(conv_supports(CONV_WINOGRAD_2, isa_best(), &s));
    CU_ASSERT_TRUE(conv_supports(CONV_WINOGRAD_4, isa_best(), &s));
    CU_ASSERT_FALSE(conv_supports(CONV_WINOGRAD_25, isa_best(), &s));
    s.dilation_width = 2;
    CU_ASSERT_FALSE(conv_supports(CONV_WINOGRAD_4, isa_best(), &s));
    s.dilation_width = 1;
    s.groups = 2;
    CU_ASSERT_FALSE(conv_supports(CONV_WINOGRAD_4, isa_best(), &s));
}

const struct cunit_test tests[] = {
    {"Winograd convolution matches brute force on random shapes", match_brute_force},
    {"Winograd convolution matches brute force on real layers", match_on_real_layers},
    {"the matrices of F(2x2, 3x3) are the published ones", matrices_are_the_published_ones},
    {"Winograd convolution is offered for its kernel size only", needs_its_kernel_size},
    {NULL, NULL},
};
