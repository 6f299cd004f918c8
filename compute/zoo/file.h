/* Writes a finished network as an ONNX file, streaming the weights. */
#ifndef COMPUTE_ZOO_FILE_H
#define COMPUTE_ZOO_FILE_H

#include "compute/zoo/builder.h"

/* The builder must hold a whole network with an output. 0, or its code and error are set. */
int zoo_file_write(struct zoo_builder *builder, const char *path);

#endif
