/* Reading and writing .npy files: sizes are checked against the file before memory is taken. */
#include "compute/tensor/npy_header.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the bytes come from: memory, or a file when bytes is NULL. */
struct source {
    const uint8_t *bytes;
    int fd;
    size_t size;
};

/* Copies [offset, offset + length), which lies inside the source. 0 or negative errno. */
static int source_copy(const struct source *source, size_t offset, void *to, size_t length)
{
    assert(offset <= source->size && length <= source->size - offset);
    if (source->bytes) {
        memcpy(to, source->bytes + offset, length);
        return 0;
    }
    for (size_t done = 0; done < length;) {
        ssize_t got = pread(source->fd, (char *)to + done, length - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return -EIO; /* shortened while we read it */
        done += (size_t)got;
    }
    return 0;
}

static void *take_aligned(size_t bytes)
{
    size_t rounded = (bytes + 63) / 64 * 64;
    return aligned_alloc(64, rounded ? rounded : 64);
}

/* Reorders elements of a Fortran-order array (first index fastest) into C order. */
static void reorder(const uint8_t *from, uint8_t *to, const struct shape *shape, size_t element)
{
    size_t count = shape_span(shape, 0, shape->rank), stride[TENSOR_MAX_RANK];
    size_t index[TENSOR_MAX_RANK] = {0}, source = 0;
    for (uint32_t i = 0; i < shape->rank; i++)
        stride[i] = shape_span(shape, 0, i);
    for (size_t n = 0; n < count; n++) {
        memcpy(to + n * element, from + source * element, element);
        for (uint32_t i = shape->rank; i-- > 0;) {
            source += stride[i];
            if (++index[i] < (size_t)shape->dims[i])
                break;
            source -= stride[i] * index[i];
            index[i] = 0;
        }
    }
}

static int read_elements(const struct source *source, size_t offset,
                         const struct npy_header *header, struct tensor *tensor,
                         struct npy_error *error)
{
    char shape[200];
    size_t bytes;
    tensor->type = header->type;
    tensor->shape = header->shape;
    shape_print(&header->shape, shape, sizeof(shape));
    if (tensor_bytes(tensor, &bytes))
        return npy_fail(error, -EOVERFLOW, "has the shape %s, which is larger than memory can be",
                        shape);
    if (bytes != source->size - offset)
        return npy_fail(error, -EINVAL, "holds %zu bytes of data but its shape %s of %s needs %zu",
                        source->size - offset, shape, tensor_type_name(tensor->type), bytes);
    void *data = take_aligned(bytes);
    if (!data)
        return npy_fail(error, -ENOMEM, "needs %zu bytes, more memory than there is", bytes);
    int rc = source_copy(source, offset, data, bytes);
    if (rc) {
        free(data);
        return npy_fail(error, rc, "cannot be read: %s", strerror(-rc));
    }
    if (tensor->type == TENSOR_BOOL)
        for (size_t i = 0; i < bytes; i++)
            ((uint8_t *)data)[i] = ((uint8_t *)data)[i] != 0;
    if (header->is_fortran_order && header->shape.rank > 1 && bytes > 0) {
        void *ordered = take_aligned(bytes);
        if (!ordered) {
            free(data);
            return npy_fail(error, -ENOMEM, "needs %zu bytes, more memory than there is", bytes);
        }
        reorder(data, ordered, &header->shape, tensor_type_bytes(header->type));
        free(data);
        data = ordered;
    }
    tensor->data = data;
    return 0;
}

static int read_source(const struct source *source, struct npy *npy, struct npy_error *error)
{
    uint8_t prefix[NPY_PREFIX_BYTES];
    size_t prefix_bytes = source->size < sizeof(prefix) ? source->size : sizeof(prefix);
    size_t offset, length;
    int rc = source_copy(source, 0, prefix, prefix_bytes);
    if (rc)
        return npy_fail(error, rc, "cannot be read: %s", strerror(-rc));
    rc = npy_header_span(prefix, prefix_bytes, &offset, &length, error);
    if (rc)
        return rc;
    if (length > source->size - offset)
        return npy_fail(error, -EINVAL, "ends inside its header");
    char *text = malloc(length + 1);
    if (!text)
        return npy_fail(error, -ENOMEM, "cannot be read: out of memory");
    struct npy_header header = {0};
    rc = source_copy(source, offset, text, length);
    if (rc)
        npy_fail(error, rc, "cannot be read: %s", strerror(-rc));
    else
        rc = npy_header_parse(text, length, &header, error);
    free(text);
    return rc ? rc : read_elements(source, offset + length, &header, &npy->tensor, error);
}

/* Puts "NAME: " before the message that is in error. */
static int name_error(struct npy_error *error, const char *name, int code)
{
    if (error) {
        struct npy_error message = *error;
        snprintf(error->text, sizeof(error->text), "%.400s %.600s", name, message.text);
    }
    return code;
}

int npy_parse(const char *name, const void *bytes, size_t size, struct npy *npy,
              struct npy_error *error)
{
    *npy = (struct npy){0};
    struct source source = {.bytes = bytes ? bytes : (const void *)"", .fd = -1, .size = size};
    int rc = read_source(&source, npy, error);
    if (!rc)
        return 0;
    *npy = (struct npy){0};
    return name_error(error, name, rc);
}

int npy_read(const char *path, struct npy *npy, struct npy_error *error)
{
    *npy = (struct npy){0};
    int rc = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        rc = -errno;
        return npy_fail(error, rc, "%.400s: %s", path, strerror(-rc));
    }
    struct stat status;
    if (fstat(fd, &status))
        rc = npy_fail(error, -errno, "cannot be read: %s", strerror(errno));
    else if (!S_ISREG(status.st_mode))
        rc = npy_fail(error, -EINVAL, "is not a regular file; save the array to one first");
    if (!rc) {
        struct source source = {.fd = fd, .size = (size_t)status.st_size};
        rc = read_source(&source, npy, error);
    }
    close(fd);
    if (!rc)
        return 0;
    *npy = (struct npy){0};
    return name_error(error, path, rc);
}

static int write_all(int fd, const void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t written = write(fd, (const char *)bytes + done, size - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        done += (size_t)written;
    }
    return 0;
}

static int write_tensor(int fd, const struct tensor *tensor, size_t bytes)
{
    char header[256];
    int rc = write_all(fd, header, npy_header_print(tensor, header));
    return rc ? rc : write_all(fd, tensor->data, bytes);
}

/* Writes a file beside path and renames it, so that path is replaced whole or not at all. */
static int replace_file(const char *path, const struct tensor *tensor, size_t bytes)
{
    char beside[PATH_MAX];
    int length = snprintf(beside, sizeof(beside), "%s.%ld.tmp", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof(beside))
        return -ENAMETOOLONG;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return -errno;
    int rc = write_tensor(fd, tensor, bytes);
    if (close(fd) && !rc)
        rc = -errno;
    if (!rc && rename(beside, path))
        rc = -errno;
    if (rc)
        unlink(beside);
    return rc;
}

int npy_write(const char *path, const struct tensor *tensor, struct npy_error *error)
{
    size_t bytes;
    int rc = tensor_bytes(tensor, &bytes);
    if (rc)
        return npy_fail(error, rc, "%.400s: not written: the tensor has no valid type and shape",
                        path);
    struct stat status;
    char real[PATH_MAX];
    bool has_file = stat(path, &status) == 0;
    if (has_file && !S_ISREG(status.st_mode)) { /* /dev/stdout, a pipe: nothing to replace */
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        rc = fd < 0 ? -errno : write_tensor(fd, tensor, bytes);
        if (fd >= 0 && close(fd) && !rc)
            rc = -errno;
    } else {
        /* Through a symbolic link, the file that it names is replaced, not the link. */
        rc = replace_file(has_file && realpath(path, real) ? real : path, tensor, bytes);
    }
    if (rc)
        return npy_fail(error, rc, "%.400s: cannot be written: %s", path, strerror(-rc));
    return 0;
}

void npy_fini(struct npy *npy)
{
    if (!npy)
        return;
    free(npy->tensor.data);
    *npy = (struct npy){0};
}
