/* The networks: each adds its layers to an empty builder and sets the output. */
#ifndef COMPUTE_ZOO_NETWORKS_H
#define COMPUTE_ZOO_NETWORKS_H

#include "compute/zoo/builder.h"

void zoo_build_alexnet(struct zoo_builder *builder);
void zoo_build_chair(struct zoo_builder *builder);
void zoo_build_deepspeech(struct zoo_builder *builder);
void zoo_build_googlenet(struct zoo_builder *builder);
void zoo_build_lenet(struct zoo_builder *builder);
void zoo_build_mobilenet_v2(struct zoo_builder *builder);
void zoo_build_nin(struct zoo_builder *builder);
void zoo_build_overfeat(struct zoo_builder *builder);
void zoo_build_pix2pix(struct zoo_builder *builder);
void zoo_build_resnet50(struct zoo_builder *builder);
void zoo_build_vgg16(struct zoo_builder *builder);

#endif
