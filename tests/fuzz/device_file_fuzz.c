/* Fuzz target: the bytes are a device file; what is accepted has only speeds above 0. */
#include "scheduler/profile/device_file.h"
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct device device;
    struct file_error error = {{0}};
    if (device_file_parse(&device, "d", (const char *)data, size, &error)) {
        if (!error.text[0] || strchr(error.text, '\n'))
            abort();
        return 0;
    }
    if (!device.name[0] || !(device.power_watts > 0))
        abort();
    for (int type = 0; type < DEVICE_TYPE_COUNT; type++) {
        const struct device_speed *speed = &device.speeds[type];
        if (!(speed->flops_per_s > 0) || !(speed->bytes_per_s > 0) || !(speed->overhead_ms >= 0) ||
            !isfinite(speed->flops_per_s) || !isfinite(speed->bytes_per_s) ||
            !isfinite(speed->overhead_ms))
            abort();
    }
    return 0;
}
