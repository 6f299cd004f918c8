/* The list of networks, and writing one by name. */
#include "compute/zoo/zoo.h"

#include "compute/zoo/builder.h"
#include "compute/zoo/file.h"
#include "compute/zoo/networks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* networks[i] is built by recipes[i]. */
static const struct zoo_network networks[] = {
    {"alexnet", "Krizhevsky 2012, two groups and LRN; 3x224x224, 61.0 M parameters"},
    {"lenet", "LeCun 1998, LeNet-5 with tanh; 1x32x32, 61.7 k parameters"},
    {"resnet50", "He 2015, v1 (stride in the 1x1); 3x224x224, 25.6 M parameters"},
    {"vgg16", "Simonyan 2014, configuration D; 3x224x224, 138.4 M parameters"},
};

static void (*const recipes[])(struct zoo_builder *) = {
    zoo_build_alexnet,
    zoo_build_lenet,
    zoo_build_resnet50,
    zoo_build_vgg16,
};

enum { NETWORK_COUNT = sizeof(networks) / sizeof(networks[0]), INPUT_SIZE_MAX = 1 << 14 };
_Static_assert(NETWORK_COUNT == sizeof(recipes) / sizeof(recipes[0]), "one recipe per network");

void zoo_config_default(struct zoo_config *config)
{
    *config = (struct zoo_config){.seed = 1, .width_divisor = 1};
}

const struct zoo_network *zoo_networks(size_t *count)
{
    *count = NETWORK_COUNT;
    return networks;
}

int zoo_build(const char *name, const struct zoo_config *config, struct zoo_builder *builder)
{
    *builder = (struct zoo_builder){.config = *config, .network = name};
    if (config->input_size > INPUT_SIZE_MAX)
        zoo_fail(builder, -EINVAL, "input size %u is over the limit of %d", config->input_size,
                 INPUT_SIZE_MAX);
    for (size_t i = 0; builder->code == 0 && i < NETWORK_COUNT; i++) {
        if (strcmp(networks[i].name, name) == 0) {
            builder->network = networks[i].name;
            recipes[i](builder);
            return builder->code;
        }
    }
    zoo_fail(builder, -ENOENT, "no network of that name in the zoo");
    return builder->code;
}

int zoo_write(const char *name, const struct zoo_config *config, const char *path,
              struct zoo_error *error)
{
    struct zoo_builder builder;
    int rc = zoo_build(name, config, &builder);
    if (rc == 0)
        rc = zoo_file_write(&builder, path);
    if (rc && error)
        *error = builder.error;
    zoo_builder_fini(&builder);
    return rc;
}
