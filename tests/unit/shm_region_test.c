/* Tests of shm/region.c: sealed sizes, checked headers, read-only means read-only. */
#include "shm/region.h"
#include "tests/unit/cunit_main.h"
#include "tests/unit/shm_random.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAYLOAD 100000u

static const struct region_expect expect_slab = {
    .kind = REGION_SLAB, .access = REGION_READ_ONLY, .epoch = 7, .min_payload_bytes = PAYLOAD};

static struct region make_region(void)
{
    struct region region;
    const struct region_config config = {
        .name = "joint-test", .kind = REGION_SLAB, .epoch = 7, .payload_bytes = PAYLOAD};
    CU_ASSERT_EQUAL_FATAL(region_init(&region, &config), 0);
    return region;
}

/* Attaches a fresh descriptor of the region; closes it on failure. */
static int attach(struct region *other, const struct region *region, enum region_access access)
{
    struct region_expect expect = expect_slab;
    expect.access = access;
    const int fd = region_share_fd(region, access);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    const int error = region_attach(other, fd, &expect);
    if (error)
        close(fd);
    return error;
}

static void two_mappings_are_one_memory(void)
{
    struct region region = make_region();
    struct region other;
    CU_ASSERT_EQUAL_FATAL(attach(&other, &region, REGION_READ_ONLY), 0);
    unsigned char *here = region_at(&region, 0, PAYLOAD);
    const unsigned char *there = region_at(&other, 0, PAYLOAD);
    CU_ASSERT_PTR_NOT_EQUAL(here, there);
    CU_ASSERT_EQUAL((uintptr_t)here % 4096, 0);
    for (uint32_t i = 0; i < PAYLOAD; i++) {
        CU_ASSERT_EQUAL_FATAL(there[i], 0);
        here[i] = (unsigned char)(i * 7);
        CU_ASSERT_EQUAL_FATAL(there[i], (unsigned char)(i * 7));
    }
    region_fini(&other);
    region_fini(&region);
    region_fini(&region);
    region_fini(NULL);
}

static void offsets_stay_inside(void)
{
    struct region region = make_region();
    unsigned char *base = region_at(&region, 0, 0);
    CU_ASSERT_PTR_EQUAL(region_at(&region, PAYLOAD - 1, 1), base + PAYLOAD - 1);
    CU_ASSERT_PTR_NOT_NULL(region_at(&region, PAYLOAD, 0));
    CU_ASSERT_PTR_NULL(region_at(&region, PAYLOAD, 1));
    CU_ASSERT_PTR_NULL(region_at(&region, PAYLOAD + 1, 0));
    CU_ASSERT_PTR_NULL(region_at(&region, 1, PAYLOAD));
    CU_ASSERT_PTR_NULL(region_at(&region, UINT64_MAX, 1));
    CU_ASSERT_PTR_NULL(region_at(&region, 1, UINT64_MAX));
    CU_ASSERT_PTR_NULL(region_at(&region, UINT64_MAX, UINT64_MAX));
    struct shm_random random = shm_random_start();
    for (int i = 0; i < 100000; i++) {
        const uint64_t offset = shm_random_next(&random) >> shm_random_below(&random, 64);
        const uint64_t bytes = shm_random_next(&random) >> shm_random_below(&random, 64);
        uint64_t end;
        const bool is_inside = !__builtin_add_overflow(offset, bytes, &end) && end <= PAYLOAD;
        CU_ASSERT_EQUAL_FATAL(region_at(&region, offset, bytes) != NULL, is_inside);
    }
    region_fini(&region);
}

static void no_peer_changes_the_size(void)
{
    struct region region = make_region();
    const int fd = region_share_fd(&region, REGION_READ_WRITE);
    CU_ASSERT_EQUAL(ftruncate(fd, 4096), -1);
    CU_ASSERT_EQUAL(errno, EPERM);
    CU_ASSERT_EQUAL(ftruncate(fd, 1 << 30), -1);
    CU_ASSERT_EQUAL(errno, EPERM);
    CU_ASSERT_EQUAL(ftruncate(fd, (off_t)region.bytes), 0); /* what it is already */
    close(fd);
    region_fini(&region);
}

static void seals_can_be_sealed(void)
{
    struct region region = make_region();
    CU_ASSERT_EQUAL(region_seal(&region, REGION_SEAL_SEALS), 0);
    const int fd = region_share_fd(&region, REGION_READ_WRITE);
    CU_ASSERT_EQUAL(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), -1);
    CU_ASSERT_EQUAL(errno, EPERM);
    close(fd);
    CU_ASSERT_EQUAL(region_seal(&region, REGION_SEAL_NEW_WRITERS), -EPERM);
    struct region other;
    CU_ASSERT_EQUAL(attach(&other, &region, REGION_READ_WRITE), 0);
    region_fini(&other);
    region_fini(&region);
}

/* Every way we know to write through a descriptor. */
static void check_unwritable(int fd, uint64_t bytes)
{
    CU_ASSERT_PTR_EQUAL(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    void *base = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (base != MAP_FAILED) {
        CU_ASSERT_EQUAL(mprotect(base, bytes, PROT_READ | PROT_WRITE), -1);
        CU_ASSERT_EQUAL(errno, EACCES);
        CU_ASSERT_EQUAL(madvise(base, bytes, MADV_REMOVE), -1);
        munmap(base, bytes);
    }
    CU_ASSERT_EQUAL(pwrite(fd, "x", 1, 5000), -1);
    CU_ASSERT_EQUAL(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 8192), -1);
}

static void a_read_only_descriptor_cannot_write(void)
{
    struct region region = make_region();
    const int fd = region_share_fd(&region, REGION_READ_ONLY);
    check_unwritable(fd, region.bytes);
    struct region other;
    struct region_expect expect = expect_slab;
    expect.access = REGION_READ_WRITE;
    CU_ASSERT_EQUAL(region_attach(&other, fd, &expect), -EACCES);
    close(fd);
    region_fini(&region);
}

/* Another user's process, as a worker should be, cannot open the file behind it for writing. */
static void another_user_cannot_open_it_anew(void)
{
    if (geteuid() != 0) {
        printf(" (skipped: needs root, to become another user) ");
        return;
    }
    struct region region = make_region();
    const int fd = region_share_fd(&region, REGION_READ_ONLY);
    const pid_t child = fork();
    if (child == 0) {
        char path[40];
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        if (setgid(65534) || setuid(65534))
            _exit(2);
        _exit(open(path, O_RDWR) < 0 && errno == EACCES ? 0 : 1);
    }
    int status;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(fd);
    region_fini(&region);
}

static void new_writers_can_be_shut_out(void)
{
    struct region region = make_region();
    struct region early;
    struct region late;
    CU_ASSERT_EQUAL_FATAL(attach(&early, &region, REGION_READ_WRITE), 0);
    CU_ASSERT_EQUAL(region_seal(&region, REGION_SEAL_NEW_WRITERS), 0);
    CU_ASSERT_EQUAL(attach(&late, &region, REGION_READ_WRITE), -EPERM);
    CU_ASSERT_EQUAL_FATAL(attach(&late, &region, REGION_READ_ONLY), 0);
    *(char *)region_at(&region, 9, 1) = 'a';
    CU_ASSERT_EQUAL(*(char *)region_at(&late, 9, 1), 'a');
    *(char *)region_at(&early, 9, 1) = 'b';
    CU_ASSERT_EQUAL(*(char *)region_at(&late, 9, 1), 'b');
    /* Also with the descriptor that created it: no hole, no write. */
    check_unwritable(region.fd, region.bytes);
    region_fini(&late);
    region_fini(&early);
    region_fini(&region);
}

static void sealed_content_is_for_ever(void)
{
    struct region region = make_region();
    char *content = region_at(&region, 0, PAYLOAD);
    memset(content, 'w', PAYLOAD);
    struct region_expect expect = expect_slab;
    expect.is_content_sealed = true;
    int fd = region_share_fd(&region, REGION_READ_ONLY);
    struct region other;
    CU_ASSERT_EQUAL(region_attach(&other, fd, &expect), -EPERM); /* not yet */
    close(fd);
    CU_ASSERT_EQUAL_FATAL(region_seal(&region, REGION_SEAL_CONTENT), 0);
    CU_ASSERT_PTR_EQUAL(region_at(&region, 0, PAYLOAD), content); /* it stays where it was */
    CU_ASSERT_EQUAL(content[PAYLOAD - 1], 'w');
    check_unwritable(region.fd, region.bytes);
    CU_ASSERT_EQUAL(mprotect(region.base, region.bytes, PROT_READ | PROT_WRITE), -1);
    fd = region_share_fd(&region, REGION_READ_ONLY);
    CU_ASSERT_EQUAL_FATAL(region_attach(&other, fd, &expect), 0);
    CU_ASSERT_EQUAL(((char *)region_at(&other, 0, PAYLOAD))[4242], 'w');
    region_fini(&other);
    region_fini(&region);
}

static void content_with_a_writer_is_not_sealed(void)
{
    struct region region = make_region();
    struct region writer;
    CU_ASSERT_EQUAL_FATAL(attach(&writer, &region, REGION_READ_WRITE), 0);
    CU_ASSERT_EQUAL(region_seal(&region, REGION_SEAL_CONTENT), -EBUSY);
    region_fini(&writer);
    CU_ASSERT_EQUAL(region_seal(&region, REGION_SEAL_CONTENT), 0);
    region_fini(&region);
}

/* Each field of the header, changed to something else. */
static void a_header_that_lies_is_refused(void)
{
    static const struct {
        size_t offset;
        uint64_t value;
        size_t bytes;
        int error;
    } lies[] = {
        {offsetof(struct region_header, magic), 0, 8, -EBADMSG},
        {offsetof(struct region_header, magic), UINT64_MAX, 8, -EBADMSG},
        {offsetof(struct region_header, abi_version), SHM_ABI_VERSION + 1, 4, -EPROTO},
        {offsetof(struct region_header, layout_hash), 12345, 4, -EPROTO},
        {offsetof(struct region_header, kind), REGION_COUNTERS, 4, -EPROTO},
        {offsetof(struct region_header, epoch), 8, 4, -ESTALE},
        {offsetof(struct region_header, bytes), PAYLOAD, 8, -EBADMSG},
        {offsetof(struct region_header, bytes), UINT64_MAX, 8, -EBADMSG},
        {offsetof(struct region_header, payload_bytes), UINT64_MAX, 8, -EBADMSG},
        {offsetof(struct region_header, payload_bytes), UINT64_MAX - 4095, 8, -EBADMSG},
        {offsetof(struct region_header, payload_bytes), PAYLOAD - 1, 8, -EBADMSG},
        {offsetof(struct region_header, payload_bytes), 102401, 8, -EBADMSG},
    };
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        struct region region = make_region();
        struct region other;
        memcpy(region.base + lies[i].offset, &lies[i].value, lies[i].bytes);
        CU_ASSERT_EQUAL(attach(&other, &region, REGION_READ_ONLY), lies[i].error);
        region_fini(&region);
    }
}

static void what_is_no_region_is_refused(void)
{
    struct region region;
    int fds[2];
    CU_ASSERT_EQUAL(pipe(fds), 0);
    CU_ASSERT_EQUAL(region_attach(&region, fds[0], &expect_slab), -EBADMSG);
    close(fds[0]);
    close(fds[1]);
    CU_ASSERT_EQUAL(region_attach(&region, -1, &expect_slab), -EBADF);
    int fd = memfd_create("short", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    CU_ASSERT_EQUAL(ftruncate(fd, 1 << 20), 0);
    CU_ASSERT_EQUAL(region_attach(&region, fd, &expect_slab), -EPERM); /* it could be cut off */
    CU_ASSERT_EQUAL(ftruncate(fd, 100), 0);
    CU_ASSERT_EQUAL(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    CU_ASSERT_EQUAL(region_attach(&region, fd, &expect_slab), -EBADMSG);
    CU_ASSERT_PTR_NULL(region.base);
    close(fd);
    const struct region_config nothing = {.kind = REGION_SLAB};
    CU_ASSERT_EQUAL(region_init(&region, &nothing), -EINVAL);
}

static void says_which_pages_it_got(void)
{
    struct region region;
    struct region_config config = {.name = "joint-huge",
                                   .kind = REGION_SLAB,
                                   .payload_bytes = 5u << 20,
                                   .pages = REGION_PAGES_HUGE};
    const int error = region_init(&region, &config);
    if (error) {
        printf(" (huge pages skipped: none free, see /proc/sys/vm/nr_hugepages) ");
        CU_ASSERT_PTR_NULL(region.base);
    } else {
        CU_ASSERT_TRUE(region_is_huge(&region));
        CU_ASSERT_EQUAL(region.bytes % region.page_bytes, 0);
        memset(region_at(&region, 0, 5u << 20), 1, 5u << 20);
        struct region other;
        struct region_expect expect = expect_slab;
        expect.epoch = 0;
        const int fd = region_share_fd(&region, REGION_READ_ONLY);
        CU_ASSERT_EQUAL_FATAL(region_attach(&other, fd, &expect), 0);
        CU_ASSERT_TRUE(region_is_huge(&other));
        CU_ASSERT_EQUAL(*(char *)region_at(&other, (5u << 20) - 1, 1), 1);
        region_fini(&other);
        CU_ASSERT_EQUAL(region_seal(&region, REGION_SEAL_CONTENT), 0);
        check_unwritable(region.fd, region.bytes);
        region_fini(&region);
    }
    config.pages = REGION_PAGES_ANY;
    CU_ASSERT_EQUAL_FATAL(region_init(&region, &config), 0);
    CU_ASSERT_EQUAL(region_is_huge(&region), error == 0);
    region_fini(&region);
    config.payload_bytes = 1000; /* not worth a huge page */
    CU_ASSERT_EQUAL_FATAL(region_init(&region, &config), 0);
    CU_ASSERT_FALSE(region_is_huge(&region));
    region_fini(&region);
    config.payload_bytes = 5u << 20;
    config.pages = REGION_PAGES_SMALL;
    CU_ASSERT_EQUAL_FATAL(region_init(&region, &config), 0);
    CU_ASSERT_EQUAL(region.page_bytes, (uint64_t)sysconf(_SC_PAGESIZE));
    region_fini(&region);
}

const struct cunit_test tests[] = {
    {"two mappings are one memory", two_mappings_are_one_memory},
    {"an offset becomes a pointer only if all its bytes are inside", offsets_stay_inside},
    {"no peer changes the size", no_peer_changes_the_size},
    {"seals can be sealed", seals_can_be_sealed},
    {"a read-only descriptor cannot write", a_read_only_descriptor_cannot_write},
    {"another user cannot open a read-only one anew", another_user_cannot_open_it_anew},
    {"new writers are shut out, old ones stay, and nobody punches holes",
     new_writers_can_be_shut_out},
    {"sealed content never changes, in its creator either", sealed_content_is_for_ever},
    {"content that somebody can write is not sealed", content_with_a_writer_is_not_sealed},
    {"a header that lies is refused", a_header_that_lies_is_refused},
    {"a descriptor of something else is refused", what_is_no_region_is_refused},
    {"it takes huge pages where there are some, and says so", says_which_pages_it_got},
    {NULL, NULL},
};
