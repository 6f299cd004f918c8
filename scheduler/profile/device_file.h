/* Device files (joint.device/1), as JSON:
 *
 *   {"schema": "joint.device/1", "name": "jetson-tx2", "power_w": 9.0,
 *    "types": {"conv":  {"gflop_per_s": 300, "gb_per_s": 36, "overhead_us": 60},
 *              "depthwise": ..., "linear": ..., "pool": ..., "norm": ..., "other": ...},
 *    "description": "...", "sources": [...]}      whatever else there is, is for people */
#ifndef SCHEDULER_PROFILE_DEVICE_FILE_H
#define SCHEDULER_PROFILE_DEVICE_FILE_H

#include "scheduler/profile/device.h"
#include "scheduler/profile/file_error.h"

#include <stddef.h>

#define DEVICE_FILE_SCHEMA "joint.device/1"

/* Every type must be there, every speed above 0. 0; -EINVAL and what file and parser say, with the
 * error filled. */
int device_file_read(struct device *device, const char *path, struct file_error *error);

/* The same from memory; name stands for the file in errors. */
int device_file_parse(struct device *device, const char *name, const char *bytes, size_t size,
                      struct file_error *error);

#endif
