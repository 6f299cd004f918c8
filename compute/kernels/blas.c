/* OpenBLAS in the calling thread only. */
#include "compute/kernels/blas.h"

#include <cblas.h>

void blas_use_calling_thread(void)
{
    if (openblas_get_num_threads() != 1)
        openblas_set_num_threads(1);
}
