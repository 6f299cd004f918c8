/* OpenBLAS shares a product out over threads of its own; here the threads are ours. */
#ifndef COMPUTE_KERNELS_BLAS_H
#define COMPUTE_KERNELS_BLAS_H

/* Makes every OpenBLAS call of this process run in its calling thread. Cheap to call again. */
void blas_use_calling_thread(void);

#endif
