/* Tests of compute/plan/choose.c and choice_file.c: rules, remembering, the file and what damages
 * it. */
#include "compute/plan/choose.h"
#include "tests/unit/cunit_main.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct conv_shape conv(uint32_t channels, uint32_t kernel, uint32_t groups)
{
    return (struct conv_shape){.in_height = 12,
                               .in_width = 12,
                               .in_channels = channels,
                               .out_height = 12,
                               .out_width = 12,
                               .out_channels = channels,
                               .kernel_height = kernel,
                               .kernel_width = kernel,
                               .stride_height = 1,
                               .stride_width = 1,
                               .dilation_height = 1,
                               .dilation_width = 1,
                               .pad_top = kernel / 2,
                               .pad_left = kernel / 2,
                               .groups = groups};
}

static struct choices choices_for(bool is_strict, bool is_measured)
{
    return (struct choices){
        .isa = isa_best(), .is_strict = is_strict, .is_measured = is_measured, .threads = 1};
}

static void rule_supports_what_it_takes(void)
{
    const uint32_t channels[] = {1, 3, 16, 33, 64}, kernels[] = {1, 3, 5, 7};
    for (int c = 0; c < 5; c++)
        for (int k = 0; k < 4; k++)
            for (int depthwise = 0; depthwise < 2; depthwise++)
                for (int strict = 0; strict < 2; strict++) {
                    struct conv_shape shape =
                        conv(channels[c], kernels[k], depthwise ? channels[c] : 1);
                    enum conv_algorithm algorithm = choose_by_rule(&shape, isa_best(), strict);
                    CU_ASSERT_TRUE(conv_supports(algorithm, isa_best(), &shape));
                    CU_ASSERT_TRUE(!strict || conv_algorithm_is_direct(algorithm));
                }
}

static void what_is_added_is_found(void)
{
    struct choices choices = choices_for(false, false);
    struct conv_shape shape = conv(32, 3, 1);
    enum conv_algorithm rule = choose_by_rule(&shape, choices.isa, false);
    enum conv_algorithm other = rule == CONV_GEMM ? CONV_DIRECT : CONV_GEMM;
    CU_ASSERT_EQUAL(choices_get(&choices, &shape, 4), rule);
    struct choice choice = {
        .isa = choices.isa, .threads = 1, .images = 4, .shape = shape, .algorithm = other};
    for (uint32_t i = 0; i < 100; i++) { /* among many */
        struct choice filler = choice;
        filler.shape.in_channels = 1000 + i;
        CU_ASSERT_TRUE(choices_add(&choices, &filler));
    }
    CU_ASSERT_TRUE(choices_add(&choices, &choice));
    const uint32_t images[] = {3, 4, 5, 7, 8}; /* told apart by powers of two */
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(choices_get(&choices, &shape, images[i]),
                        images[i] >= 4 && images[i] < 8 ? other : rule);
    choices.threads = 2;
    CU_ASSERT_EQUAL(choices_get(&choices, &shape, 4), rule);
    choices.threads = 1;
    choices.is_strict = true;
    CU_ASSERT_TRUE(conv_algorithm_is_direct(choices_get(&choices, &shape, 4)));
    choices_fini(&choices);
    choices_fini(NULL);
}

static void an_algorithm_that_cannot_is_not_taken(void)
{
    struct choices choices = choices_for(false, false);
    struct conv_shape shape = conv(32, 7, 1);
    struct choice choice = {.isa = choices.isa,
                            .threads = 1,
                            .images = 1,
                            .shape = shape,
                            .algorithm = CONV_WINOGRAD_4};
    CU_ASSERT_TRUE(choices_add(&choices, &choice));
    CU_ASSERT_NOT_EQUAL(choices_get(&choices, &shape, 1), CONV_WINOGRAD_4);
    choices_fini(&choices);
}

static void measures_once(void)
{
    struct choices choices = choices_for(true, true);
    struct conv_shape shape = conv(8, 3, 1);
    enum conv_algorithm first = choices_get(&choices, &shape, 1);
    CU_ASSERT_TRUE(conv_algorithm_is_direct(first));
    CU_ASSERT_TRUE(choices.is_changed);
    CU_ASSERT_EQUAL(choices.count, 1);
    CU_ASSERT_EQUAL(choices_get(&choices, &shape, 1), first);
    CU_ASSERT_EQUAL(choices.count, 1);
    choices_fini(&choices);
}

static const char *file(char path[64])
{
    snprintf(path, 64, "/tmp/joint-choices-%ld", (long)getpid());
    return path;
}

/* Random choices with numbers of every size. */
static void fill(struct choices *choices)
{
    uint32_t state = 7;
    for (int i = 0; i < 50; i++) {
        uint32_t numbers[15];
        for (int n = 0; n < 15; n++) {
            state = state * 1664525u + 1013904223u;
            numbers[n] = n == i % 15 ? UINT32_MAX : state >> (state % 32);
        }
        struct choice choice = {.isa = (enum isa)(i % 4),
                                .is_strict = i % 2,
                                .threads = numbers[0],
                                .images = numbers[1],
                                .algorithm = (enum conv_algorithm)(i % CONV_ALGORITHM_COUNT)};
        memcpy(&choice.shape, numbers, sizeof(choice.shape));
        choices_add(choices, &choice);
    }
}

static void files_keep_everything(void)
{
    char path[64];
    struct choices written = choices_for(false, false), read = choices_for(false, false);
    fill(&written);
    CU_ASSERT_EQUAL(choices_write(&written, file(path)), 0);
    read.is_changed = true;
    choices_read(&read, path);
    CU_ASSERT_FALSE(read.is_changed);
    CU_ASSERT_EQUAL_FATAL(read.count, written.count);
    for (size_t i = 0; i < read.count; i++) {
        const struct choice *a = &read.items[i], *b = &written.items[i];
        CU_ASSERT_EQUAL(a->isa, b->isa);
        CU_ASSERT_EQUAL(a->is_strict, b->is_strict);
        CU_ASSERT_EQUAL(a->threads, b->threads);
        CU_ASSERT_EQUAL(a->images, b->images);
        CU_ASSERT_EQUAL(a->algorithm, b->algorithm);
        CU_ASSERT_EQUAL(memcmp(&a->shape, &b->shape, sizeof(a->shape)), 0);
    }
    char *text = NULL, *again = NULL; /* a text in memory holds the same */
    CU_ASSERT_EQUAL_FATAL(choices_write_text(&read, &text), 0);
    struct choices third = choices_for(false, false);
    choices_read_text(&third, text);
    CU_ASSERT_EQUAL(third.count, written.count);
    CU_ASSERT_EQUAL_FATAL(choices_write_text(&third, &again), 0);
    CU_ASSERT_STRING_EQUAL(text, again);
    choices_read_text(&third, "");
    CU_ASSERT_EQUAL(third.count, written.count);
    free(text);
    free(again);
    choices_fini(&third);
    choices_fini(&written);
    choices_fini(&read);
    unlink(path);
}

static size_t read_back(const char *text, size_t bytes)
{
    char path[64];
    FILE *out = fopen(file(path), "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fwrite(text, 1, bytes, out);
    fclose(out);
    struct choices choices = choices_for(false, false);
    choices_read(&choices, path);
    size_t count = choices.count;
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_TRUE(choices.items[i].algorithm < CONV_ALGORITHM_COUNT);
    struct conv_shape shape = conv(16, 3, 1); /* whatever was read, this works */
    CU_ASSERT_TRUE(conv_supports(choices_get(&choices, &shape, 1), choices.isa, &shape));
    choices_fini(&choices);
    unlink(path);
    return count;
}

static char *written_text(size_t *bytes)
{
    char path[64];
    struct choices written = choices_for(false, false);
    fill(&written);
    choices_write(&written, file(path));
    choices_fini(&written);
    FILE *in = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    char *text = malloc(1 << 16);
    *bytes = fread(text, 1, 1 << 16, in);
    fclose(in);
    unlink(path);
    return text;
}

static void damage_reads_as_less(void)
{
    size_t bytes;
    char *text = written_text(&bytes);
    CU_ASSERT_EQUAL(read_back(text, bytes), 50);
    for (size_t cut = 0; cut < bytes; cut += 17)
        CU_ASSERT_TRUE(read_back(text, cut) <= 50);
    uint32_t state = 3;
    for (int i = 0; i < 200; i++) {
        state = state * 1664525u + 1013904223u;
        size_t at = (state >> 8) % bytes;
        char kept = text[at];
        text[at] = (char)(state >> 24);
        CU_ASSERT_TRUE(read_back(text, bytes) <= 51);
        text[at] = kept;
    }
    free(text);
    CU_ASSERT_EQUAL(read_back("", 0), 0);
    CU_ASSERT_EQUAL(read_back("\n\n\n", 3), 0);
}

static void another_cpu_reads_as_none(void)
{
    size_t bytes;
    char *text = written_text(&bytes);
    char *name = strchr(text, ' ');
    CU_ASSERT_PTR_NOT_NULL_FATAL(name);
    name[1] ^= 1;
    CU_ASSERT_EQUAL(read_back(text, bytes), 0);
    name[1] ^= 1;
    text[strcspn(text, "/") + 1] ^= 1; /* another version of the format */
    CU_ASSERT_EQUAL(read_back(text, bytes), 0);
    free(text);
}

static void hostile_numbers_end_the_list(void)
{
    char cpu[128], text[1024];
    const char *const bad[] = {"direct -1",
                               "direct 4294967296",
                               "direct 99999999999999999999999",
                               "direct x",
                               "direct",
                               "nonsense 1",
                               " 1",
                               "direct 1 0 1 1 1 1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int length = snprintf(text, sizeof(text), "joint.tuning/1 %s\n%s 0 0 0 0 0 0 0 0 0 0 0 0\n",
                              cpu_name(cpu, sizeof(cpu)), bad[i]);
        CU_ASSERT_EQUAL(read_back(text, (size_t)length), 0);
    }
    /* Zeros everywhere are numbers, of a shape that nobody has. */
    int length = snprintf(text, sizeof(text),
                          "joint.tuning/1 %s\ndirect 77 5 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
                          cpu_name(cpu, sizeof(cpu)));
    CU_ASSERT_TRUE(read_back(text, (size_t)length) <= 1);
}

static void no_file_reads_as_none(void)
{
    struct choices choices = choices_for(false, false);
    choices_read(&choices, "/nonexistent/choices");
    CU_ASSERT_EQUAL(choices.count, 0);
    choices_read(&choices, "/tmp"); /* a folder */
    CU_ASSERT_EQUAL(choices.count, 0);
    CU_ASSERT_EQUAL(choices_write(&choices, "/nonexistent/choices"), -ENOENT);
    char longer[5000];
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    CU_ASSERT_EQUAL(choices_write(&choices, longer), -ENAMETOOLONG);
    choices_fini(&choices);
}

const struct cunit_test tests[] = {
    {"the rule takes algorithms that can do the shape, strict ones if so wanted",
     rule_supports_what_it_takes},
    {"a kept choice is found under its own conditions only", what_is_added_is_found},
    {"a kept algorithm that cannot do the shape is not taken",
     an_algorithm_that_cannot_is_not_taken},
    {"a shape is measured once", measures_once},
    {"a file keeps every choice", files_keep_everything},
    {"a damaged file reads as fewer choices", damage_reads_as_less},
    {"a file of another CPU or version reads as none", another_cpu_reads_as_none},
    {"hostile numbers end the list", hostile_numbers_end_the_list},
    {"no file reads as none", no_file_reads_as_none},
    {NULL, NULL},
};
