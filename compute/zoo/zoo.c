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
    {"chair", "Dosovitskiy 2015, generator of chairs; 825 numbers to 4x128x128, 39.2 M"},
    {"deepspeech", "Hannun 2014, bidirectional RNN, 29 characters; 81x200, 28.4 M"},
    {"googlenet", "Szegedy 2014, inception v1 with LRN; 3x224x224, 7.0 M"},
    {"lenet", "LeCun 1998, LeNet-5 with tanh; 1x32x32, 61.7 k"},
    {"mobilenet_v2", "Sandler 2018, inverted residuals, ReLU6; 3x224x224, 3.5 M"},
    {"nin", "Lin 2013, Network in Network; 3x224x224, 7.6 M"},
    {"overfeat", "Sermanet 2013, fast model; 3x231x231, 145.9 M"},
    {"pix2pix", "Isola 2017, U-Net generator; 3x256x256 to 3x256x256, 54.4 M"},
    {"resnet50", "He 2015, v1 (stride in the 1x1); 3x224x224, 25.6 M"},
    {"vgg16", "Simonyan 2014, configuration D; 3x224x224, 138.4 M"},
};

static void (*const recipes[])(struct zoo_builder *) = {
    zoo_build_alexnet, zoo_build_chair,        zoo_build_deepspeech, zoo_build_googlenet,
    zoo_build_lenet,   zoo_build_mobilenet_v2, zoo_build_nin,        zoo_build_overfeat,
    zoo_build_pix2pix, zoo_build_resnet50,     zoo_build_vgg16,
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
