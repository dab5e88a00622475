/* Input files of the command line tests. */
#ifndef CLI_FIXTURES_H
#define CLI_FIXTURES_H

/* Writes them into the working folder; leaves the process on failure. Names of tensors say what
 * is wrong with them or what their shape is, as q_2x5x8.npy. Folders for CLFAVOR_KERNEL_DIR:
 * `broken`, kernels that do not compile; `wrong`, kernels whose every fma() is 0.1 % too large.
 * The folder `two` makes a loader find FAKE_DRIVER twice. */
void fixtures_write(void);

#endif
