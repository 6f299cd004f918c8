/* Tests of direct and GEMM convolution (compute/kernels/conv.h). */
#include "tests/unit/compute_kernels_conv_case.h"

#define CASES 400
#define LIMIT 1e-5

static struct thread_pool *pools[3]; /* 1, 2 and 5 threads; opened by each test */

static void open_pools(void)
{
    static const uint32_t threads[] = {1, 2, 5};
    for (size_t i = 0; i < 3; i++)
        CU_ASSERT_EQUAL_FATAL(thread_pool_create(threads[i], &pools[i]), 0);
}

static void close_pools(void)
{
    for (size_t i = 0; i < 3; i++)
        thread_pool_destroy(pools[i]);
}

static uint32_t extent(uint32_t kernel, uint32_t dilation)
{
    return (kernel - 1) * dilation + 1;
}

/* Output sizes run up to the last that padding at the end can explain. */
static struct conv_case random_case(void)
{
    static const uint32_t channels[] = {1, 2, 3, 4, 7, 8, 15, 16, 17, 24, 31, 32, 33, 40, 64, 65};
    struct conv_case c = {.images = random_between(1, 3)};
    struct conv_shape *s = &c.shape;
    bool is_line = random_below(8) == 0;
    s->groups = random_below(3) ? 1 : random_between(2, 4);
    s->in_channels = s->groups * channels[random_below(16)];
    s->out_channels =
        s->groups * (random_below(4) ? channels[random_below(16)] : random_between(1, 130));
    s->kernel_height = is_line ? 1 : random_below(3) ? random_between(1, 3) : random_between(4, 7);
    s->kernel_width = random_below(3) ? random_between(1, 3) : random_between(4, 7);
    s->stride_height = random_between(1, random_below(2) ? 1 : 4);
    s->stride_width = random_between(1, random_below(2) ? 1 : 4);
    s->dilation_height = random_between(1, random_below(3) ? 1 : 3);
    s->dilation_width = random_between(1, random_below(3) ? 1 : 3);
    s->pad_top = random_below(s->kernel_height + 1);
    s->pad_left = random_below(s->kernel_width + 1);
    s->in_height = is_line ? 1 : random_between(1, 17);
    s->in_width = is_line && random_below(2) ? random_between(300, 900) : random_between(1, 17);
    uint32_t height = s->in_height + s->pad_top + random_below(4);
    uint32_t width = s->in_width + s->pad_left + random_below(4);
    uint32_t tall = extent(s->kernel_height, s->dilation_height);
    uint32_t wide = extent(s->kernel_width, s->dilation_width);
    s->out_height = height < tall ? 1 : (height - tall) / s->stride_height + 1;
    s->out_width = width < wide ? 1 : (width - wide) / s->stride_width + 1;
    if (is_line)
        s->out_height = 1;
    conv_case_init(&c);
    return c;
}

static void match_brute_force(void)
{
    double worst[2] = {0};
    random_state = 20180109;
    open_pools();
    for (unsigned i = 0; i < CASES; i++) {
        struct conv_case c = random_case();
        conv_case_check(&c, CONV_DIRECT, LIMIT, pools, 3, &worst[0]);
        conv_case_check(&c, CONV_GEMM, LIMIT, pools, 3, &worst[1]);
        conv_case_fini(&c);
    }
    close_pools();
    printf("largest error: direct %.2g, gemm %.2g ", worst[0], worst[1]);
}

/* Shapes of published networks, whose blocks and splits the random ones are too small for. */
static void match_on_real_layers(void)
{
    static const struct conv_shape shapes[] = {
        {56, 56, 3, 28, 28, 64, 7, 7, 2, 2, 1, 1, 3, 3, 1},
        {70, 70, 3, 16, 16, 96, 11, 11, 4, 4, 1, 1, 2, 2, 1},
        {14, 14, 256, 14, 14, 64, 1, 1, 1, 1, 1, 1, 0, 0, 1},
        {7, 7, 512, 7, 7, 160, 3, 3, 1, 1, 1, 1, 1, 1, 1},
        {27, 27, 96, 27, 27, 128, 5, 5, 1, 1, 1, 1, 2, 2, 2},
        {28, 28, 128, 14, 14, 256, 1, 1, 2, 2, 1, 1, 0, 0, 1},
        {1, 4000, 1, 1, 2000, 32, 1, 11, 1, 2, 1, 1, 0, 5, 1},
    };
    double worst[2] = {0};
    random_state = 7;
    open_pools();
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        struct conv_case c = {.shape = shapes[i], .images = 2};
        conv_case_init(&c);
        conv_case_check(&c, CONV_DIRECT, LIMIT, pools, 3, &worst[0]);
        conv_case_check(&c, CONV_GEMM, LIMIT, pools, 3, &worst[1]);
        conv_case_fini(&c);
    }
    close_pools();
    printf("largest error: direct %.2g, gemm %.2g ", worst[0], worst[1]);
}

static void knows_names_and_flops(void)
{
    struct conv_shape alexnet_2 = {27, 27, 96, 27, 27, 256, 5, 5, 1, 1, 1, 1, 2, 2, 2};
    CU_ASSERT_STRING_EQUAL(conv_algorithm_name(CONV_WINOGRAD_4), "winograd-4");
    CU_ASSERT_TRUE(conv_algorithm_is_direct(CONV_DIRECT));
    CU_ASSERT_FALSE(conv_algorithm_is_direct(CONV_WINOGRAD_2));
    /* 223.9 million multiply-adds, as published for AlexNet's second layer. */
    CU_ASSERT_DOUBLE_EQUAL(conv_flops(&alexnet_2), 2 * 223948800.0, 0.5);
    struct conv_shape bad = alexnet_2;
    bad.groups = 5;
    CU_ASSERT_FALSE(conv_supports(CONV_DIRECT, ISA_PLAIN, &bad));
    CU_ASSERT_FALSE(conv_supports(CONV_WINOGRAD_4, ISA_PLAIN, &alexnet_2));
}

const struct cunit_test tests[] = {
    {"direct and GEMM convolution match brute force on random shapes", match_brute_force},
    {"direct and GEMM convolution match brute force on real layers", match_on_real_layers},
    {"names, operation counts and support are as documented", knows_names_and_flops},
    {NULL, NULL},
};
