#pragma once

namespace mantissa {

/// y = scale * x^exponent: the shape of every arithmetic cost law. Evaluated with additions,
/// multiplications and divisions alone, so that a cost has the same bits on every machine and with
/// every C library.
struct PowerLaw {
  double scale = 0;
  double exponent = 1;

  /// x > 0; relative error below 1e-14 for results between 2^-100 and 2^100.
  double operator()(double x) const;

  /// The law through (x1, y1) and (x2, y2); all positive, x1 < x2.
  static PowerLaw through(double x1, double y1, double x2, double y2);
};

/// The logarithm to base 2 of x > 0, and 2^x for |x| < 1000; relative error below 1e-14.
double binary_logarithm(double x);
double binary_exponential(double x);

/// w log2 w: the bits of a barrel shifter times its stages, the size of an aligner or a normaliser.
/// Widths below 2 count as 2, so that no shifter is free.
double shifter_size(double width);

}  // namespace mantissa
