/* Creates, seals, hands out, checks and maps memfd regions.
 *
 * Two ways to keep a peer from writing: a descriptor opened read-only holds as long as the peer
 * cannot open the file anew (mode 0600, so: another user); REGION_SEAL_NEW_WRITERS holds against
 * everyone, but also against a new writer that we might want later. It also forbids punching holes,
 * so a peer that already has its mapping cannot give away the pages under ours. */
#include "shm/region.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Newer than Debian 12's headers; the kernel says -EINVAL if it is older. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008u
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

#define SIZE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

static int open_memfd(const char *name, unsigned flags)
{
    flags |= MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create(name, flags);
    return fd < 0 ? -errno : fd;
}

/* Takes the pages now, so that a lack of them is an error here and not a signal later. */
static int populate(void *base, uint64_t bytes, bool is_writable)
{
    if (madvise(base, bytes, is_writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ) == 0)
        return 0;
    return errno == EINVAL || errno == ENOSYS ? 0 : -errno;
}

static int map_new(struct region *region, uint64_t bytes)
{
    if (ftruncate(region->fd, (off_t)bytes) || fchmod(region->fd, S_IRUSR | S_IWUSR))
        return -errno;
    /* For huge pages this also reserves all of them. */
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, region->fd, 0);
    if (base == MAP_FAILED)
        return -errno;
    madvise(base, bytes, MADV_HUGEPAGE); /* best effort, where the kernel does that for memfd */
    int error = populate(base, bytes, true);
    if (!error && fcntl(region->fd, F_ADD_SEALS, SIZE_SEALS))
        error = -errno;
    if (error) {
        munmap(base, bytes);
        return error;
    }
    region->base = base;
    region->bytes = bytes;
    return 0;
}

static int make_file(struct region *region, const struct region_config *config, bool is_huge)
{
    int fd = open_memfd(config->name ? config->name : "joint", is_huge ? MFD_HUGETLB : 0);
    if (fd < 0)
        return fd;
    struct stat status;
    int error = fstat(fd, &status) ? -errno : 0;
    const uint64_t page = error ? 1 : (uint64_t)status.st_blksize;
    const uint64_t wanted = SHM_PAYLOAD_OFFSET + config->payload_bytes;
    const uint64_t bytes = (wanted + page - 1) / page * page;
    if (!error && is_huge && config->pages == REGION_PAGES_ANY && wanted < page)
        error = -ENOMEM; /* most of the page would lie idle */
    region->fd = fd;
    region->page_bytes = page;
    if (!error)
        error = map_new(region, bytes);
    if (error)
        close(fd);
    return error;
}

static void write_header(struct region *region, const struct region_config *config)
{
    struct region_header *header = (struct region_header *)region->base;
    header->abi_version = SHM_ABI_VERSION;
    header->layout_hash = layout_hash();
    header->kind = config->kind;
    header->epoch = config->epoch;
    header->bytes = region->bytes;
    header->payload_bytes = config->payload_bytes;
    snprintf(header->name, sizeof(header->name), "%s", config->name ? config->name : "joint");
    /* pairs with check_header */
    atomic_store_explicit(&header->magic, SHM_MAGIC, memory_order_release);
}

int region_init(struct region *region, const struct region_config *config)
{
    *region = (struct region){.fd = -1};
    if (config->payload_bytes == 0 || config->payload_bytes > (uint64_t)INT64_MAX / 2)
        return -EINVAL;
    int error = -ENOMEM;
    if (config->pages != REGION_PAGES_SMALL)
        error = make_file(region, config, true);
    if (error && config->pages != REGION_PAGES_HUGE)
        error = make_file(region, config, false);
    if (error) {
        *region = (struct region){.fd = -1};
        return error;
    }
    region->payload_bytes = config->payload_bytes;
    region->epoch = config->epoch;
    region->access = REGION_READ_WRITE;
    write_header(region, config);
    return 0;
}

static int check_header(const unsigned char *base, uint64_t bytes,
                        const struct region_expect *expect, uint64_t *payload_bytes)
{
    const struct region_header *shared = (const struct region_header *)base;
    /* pairs with write_header */
    const uint64_t magic =
        atomic_load_explicit((_Atomic uint64_t *)&shared->magic, memory_order_acquire);
    struct region_header header;
    memcpy(&header, base, sizeof(header)); /* once; only the copy is looked at */
    if (magic != SHM_MAGIC || header.bytes != bytes)
        return -EBADMSG;
    if (header.abi_version != SHM_ABI_VERSION || header.layout_hash != layout_hash() ||
        header.kind != (uint32_t)expect->kind)
        return -EPROTO;
    if (header.epoch != expect->epoch)
        return -ESTALE;
    if (header.payload_bytes > bytes - SHM_PAYLOAD_OFFSET ||
        header.payload_bytes < expect->min_payload_bytes)
        return -EBADMSG;
    *payload_bytes = header.payload_bytes;
    return 0;
}

int region_attach(struct region *region, int fd, const struct region_expect *expect)
{
    *region = (struct region){.fd = -1};
    const int seals = fcntl(fd, F_GET_SEALS);
    struct stat status;
    if (seals < 0 || fstat(fd, &status))
        return errno == EINVAL ? -EBADMSG : -errno; /* no memfd */
    if ((seals & SIZE_SEALS) != SIZE_SEALS ||
        (expect->is_content_sealed && !(seals & F_SEAL_WRITE)))
        return -EPERM;
    if (status.st_size <= (off_t)SHM_PAYLOAD_OFFSET)
        return -EBADMSG;
    const uint64_t bytes = (uint64_t)status.st_size;
    const bool is_writable = expect->access == REGION_READ_WRITE;
    void *base = mmap(NULL, bytes, PROT_READ | (is_writable ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
    if (base == MAP_FAILED)
        return -errno;
    madvise(base, bytes, MADV_HUGEPAGE);
    uint64_t payload_bytes = 0;
    int error = expect->is_lazy ? 0 : populate(base, bytes, is_writable);
    if (!error)
        error = check_header(base, bytes, expect, &payload_bytes);
    if (error) {
        munmap(base, bytes);
        return error;
    }
    *region = (struct region){.fd = fd,
                              .base = base,
                              .bytes = bytes,
                              .payload_bytes = payload_bytes,
                              .page_bytes = (uint64_t)status.st_blksize,
                              .epoch = expect->epoch,
                              .access = expect->access};
    return 0;
}

void region_fini(struct region *region)
{
    if (!region || !region->base)
        return;
    munmap(region->base, region->bytes);
    close(region->fd);
    *region = (struct region){.fd = -1};
}

static int seal_content(struct region *region)
{
    const int fd = region_share_fd(region, REGION_READ_ONLY);
    if (fd < 0)
        return fd;
    /* Through a read-only descriptor, for kernels before 6.7 count any other shared mapping as a
     * writer. In place, so that pointers into the region stay good. */
    void *base = mmap(region->base, region->bytes, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
    int error = base == MAP_FAILED ? -errno : 0;
    close(fd);
    if (error)
        return error;
    region->access = REGION_READ_ONLY;
    return fcntl(region->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL) ? -errno : 0;
}

int region_seal(struct region *region, enum region_seal seal)
{
    if (seal == REGION_SEAL_CONTENT)
        return seal_content(region);
    const int seals = seal == REGION_SEAL_NEW_WRITERS ? F_SEAL_FUTURE_WRITE : 0;
    return fcntl(region->fd, F_ADD_SEALS, seals | F_SEAL_SEAL) ? -errno : 0;
}

int region_share_fd(const struct region *region, enum region_access access)
{
    int fd;
    if (access == REGION_READ_WRITE) {
        fd = fcntl(region->fd, F_DUPFD_CLOEXEC, 0);
    } else {
        char path[40];
        snprintf(path, sizeof(path), "/proc/self/fd/%d", region->fd);
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    return fd < 0 ? -errno : fd;
}

bool region_is_huge(const struct region *region)
{
    return region->page_bytes > (uint64_t)sysconf(_SC_PAGESIZE);
}
