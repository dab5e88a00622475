/* Logarithm, sine and cosine that give the same bits on every host. */
#ifndef CLFI_DETMATH_H
#define CLFI_DETMATH_H

/* ln(x) for a normal x > 0, within 1 ulp. */
double clfi_det_log(double x);

/* cos and sin of 2 pi turn for turn in [0, 1), each within 4 ulp. */
void clfi_det_cos_sin(double turn, double *cosine, double *sine);

#endif
