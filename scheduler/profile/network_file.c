/* Reads network files. */
#include "scheduler/profile/network_file.h"
#include "scheduler/profile/file_object.h"
#include "scheduler/profile/json_text.h"
#include "scheduler/profile/text_file.h"

#define MAX_BYTES ((size_t)1 << 20)

int network_file_fields(const struct file_object *object, struct split_network *network)
{
    const struct {
        const char *key;
        double *value;
    } numbers[] = {
        {"up_mbps", &network->up_mbps},
        {"down_mbps", &network->down_mbps},
        {"alpha_up_mw_per_mbps", &network->alpha_up_mw_per_mbps},
        {"alpha_down_mw_per_mbps", &network->alpha_down_mw_per_mbps},
        {"beta_mw", &network->beta_mw},
    };
    int err = file_object_number_or(object, "rtt_ms", 0, &network->rtt_ms);
    for (size_t i = 0; !err && i < sizeof(numbers) / sizeof(numbers[0]); i++)
        err = file_object_number(object, numbers[i].key, numbers[i].value);
    if (err)
        return err;
    struct split_error wrong;
    return split_network_check(network, &wrong)
               ? file_object_fail(object, wrong.field, "%s; correct the file", wrong.reason)
               : 0;
}

int network_file_parse(struct split_network *network, const char *name, const char *bytes,
                       size_t size, struct file_error *error)
{
    *network = (struct split_network){0};
    json_t *json;
    int err = json_text_parse(name, bytes, size, &json, error);
    if (err)
        return err;
    const struct file_object root = {.file = name, .json = json, .error = error};
    err = network_file_fields(&root, network);
    json_decref(json);
    return err;
}

int network_file_read(struct split_network *network, const char *path, struct file_error *error)
{
    *network = (struct split_network){0};
    struct text_file text;
    int err = text_file_read(&text, path, MAX_BYTES, error);
    if (err)
        return err;
    err = network_file_parse(network, path, text.bytes, text.size, error);
    text_file_fini(&text);
    return err;
}
