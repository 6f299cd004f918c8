/* Pixels in a wider tensor, for tests: gaps hold a canary, and the page after the last channel of
 * the last pixel cannot be touched. */
#ifndef TESTS_UNIT_CANVAS_H
#define TESTS_UNIT_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define CANVAS_CANARY 12345.678f

struct canvas {
    float *data; /* pixel p, channel c at data[p * stride + c] */
    size_t pixels, channels, stride;
    void *map;
    size_t map_bytes;
};

/* A small generator with a printable state. */
static inline uint32_t canvas_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    uint32_t mixed = (uint32_t)(((*state >> 18) ^ *state) >> 27);
    uint32_t turn = (uint32_t)(*state >> 59);
    return mixed >> turn | mixed << (-turn & 31);
}

/* first .. last, both included. */
static inline uint32_t canvas_between(uint64_t *state, uint32_t first, uint32_t last)
{
    return first + canvas_random(state) % (last - first + 1);
}

/* In [-1, 1), not denormal. */
static inline float canvas_value(uint64_t *state)
{
    return (float)((int32_t)(canvas_random(state) >> 8) - (1 << 23)) / (float)(1 << 23);
}

static inline size_t canvas_floats(const struct canvas *canvas)
{
    return canvas->pixels == 0 ? 0 : (canvas->pixels - 1) * canvas->stride + canvas->channels;
}

/* All canaries. Stops the program where there is no memory. */
static inline struct canvas canvas_create(size_t pixels, size_t channels, size_t stride)
{
    struct canvas canvas = {.pixels = pixels, .channels = channels, .stride = stride};
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = canvas_floats(&canvas) * sizeof(float);
    size_t pages = (bytes + page - 1) / page;
    canvas.map_bytes = (pages + 2) * page;
    canvas.map = mmap(NULL, canvas.map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (canvas.map == MAP_FAILED)
        abort();
    char *start = (char *)canvas.map + page;
    if (pages > 0 && mprotect(start, pages * page, PROT_READ | PROT_WRITE))
        abort();
    canvas.data = (float *)(void *)(start + pages * page - bytes);
    for (size_t i = 0; i < canvas_floats(&canvas); i++)
        canvas.data[i] = CANVAS_CANARY;
    return canvas;
}

static inline struct canvas canvas_create_random(size_t pixels, size_t channels, size_t stride,
                                                 uint64_t *state)
{
    struct canvas canvas = canvas_create(pixels, channels, stride);
    for (size_t p = 0; p < pixels; p++)
        for (size_t c = 0; c < channels; c++)
            canvas.data[p * stride + c] = canvas_value(state);
    return canvas;
}

static inline void canvas_destroy(struct canvas *canvas)
{
    munmap(canvas->map, canvas->map_bytes);
}

/* Whether no gap was written. */
static inline bool canvas_is_intact(const struct canvas *canvas)
{
    for (size_t i = 0; i < canvas_floats(canvas); i++)
        if (i % canvas->stride >= canvas->channels && canvas->data[i] != CANVAS_CANARY)
            return false;
    return true;
}

#endif
