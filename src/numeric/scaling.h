#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mantissa {

struct Quantization;

/// Which elements of a tensor share a scale.
enum class ScaleGroup : std::uint8_t {
  none,     ///< there are no scales
  tensor,   ///< all of them
  channel,  ///< those with the same index along the axis that the matrix product keeps
  block,    ///< runs along the axis that the matrix product sums over
};

/// The numbers that a scale may be.
enum class ScaleKind : std::uint8_t {
  real,          ///< as many significant bits as leave every member a binary32 value
  power_of_two,  ///< OCP E8M0: 2^-127 .. 2^127, 8 bits
  e4m3,          ///< e4m3fn times one `real` scale of the whole tensor (NVFP4)
};

/// How the largest magnitude of a group becomes a power of two. With `emax` the exponent of the
/// element format's largest value `max`:
enum class ScaleRule : std::uint8_t {
  floor,  ///< 2^(floor(log2 amax) - emax): OCP Microscaling Formats v1.0, section 6.3; may saturate
  ceil,   ///< 2^(ceil(log2 amax) - emax)
  even,   ///< floor, of amax rounded to the element's significand, ties to even
  rceil,  ///< 2^ceil(log2(amax / max)): the smallest scale with which nothing saturates
};

/// How elements of a format share scales: a member is element * scale.
///
/// Written behind a format, ` scale=<group>[:<kind>][:<rule>][:delayed<H>]`: `e4m3fn scale=tensor`,
/// `e5m2 scale=tensor:delayed16`, `e2m1fin scale=block32:p2:floor`. Groups are `tensor`, `channel`,
/// `block<B>`; kinds `real`, `p2`, `e4m3`. The usual ones have names: docs/numerics.md.
struct Scaling {
  ScaleGroup group = ScaleGroup::none;
  int block = 0;  ///< elements of a block, 2..65536; 0 unless the group is `block`
  ScaleKind kind = ScaleKind::real;
  ScaleRule rule = ScaleRule::floor;  ///< of `power_of_two`; `floor` otherwise
  /// 0: the scale is that of the tensor at hand. H: the largest magnitude of the H tensors before
  /// it in the same place (delayed scaling); group `tensor` only.
  int history = 0;

  bool scales() const { return group != ScaleGroup::none; }
  /// Stored bits of the scales per element.
  double bits_per_element() const;

  friend bool operator==(const Scaling&, const Scaling&) = default;
};

/// `tensor`, `block32:p2:floor`: what stands behind ` scale=`.
std::string spelling(const Scaling& scaling);
/// Throws Error with what would be right.
Scaling parse_scaling(std::string_view text);

/// `int8`, `int8c`, `int8p2`, `bfp8b16`, `mxfp8e4m3`, `nvfp4` ...: an element format and a scaling
/// under one name. False if `text` is no such name; throws Error if it is, but is not possible.
bool parse_scaled_name(std::string_view text, Quantization& quantization);
/// One name of each sort, for lists and suggestions.
std::vector<std::string> scaled_names();
/// The name that says both; empty if there is none.
std::string scaled_name(const Quantization& quantization);

/// Throws Error if the format, written as `text`, has scales: where single numbers are meant.
void require_unscaled(const Quantization& quantization, std::string_view text);

/// Throws Error unless elements of the format can be scaled so.
void require_scalable(const Quantization& quantization);

constexpr double kMinRealScale = 0x1p-100;  ///< far below any gradient; members stay normal numbers
constexpr double kMaxE4m3Scale = 448;
constexpr double kMinE4m3Scale = 0x1p-9;

/// What a scale is computed from, beside the largest magnitude.
struct ScaleConstants {
  ScaleKind kind = ScaleKind::real;
  double element_max = 1;
  int real_bits = 0;         ///< significant bits of a real scale
  std::uint32_t carry = 0;   ///< added to the code of amax, reaches the exponent as the rule says
  int element_exponent = 0;  ///< floor(log2(element_max))
  int lowest_exponent = 0;   ///< of a power of two
  int highest_exponent = 0;
};

/// The scales of groups of elements of one format, by their largest finite magnitude `amax`. Every
/// element times its scale is a binary32 value, and a group of zeros has the scale 1.
class ScaleChooser {
 public:
  /// Throws Error as `require_scalable` does.
  explicit ScaleChooser(const Quantization& quantization);

  /// `tensor_scale`: what `of_tensor` gives, under `e4m3`; 1 otherwise.
  float of_group(float amax, float tensor_scale = 1) const;

  /// Puts the scale of each group in the place of its largest magnitude; vectorised.
  void of_groups(std::span<float> amax, float tensor_scale = 1) const;

  /// The scale of the whole tensor under `e4m3`, by the tensor's largest magnitude; 1 otherwise.
  float of_tensor(float amax) const;

 private:
  float power_of_two(float amax) const;
  float real(double amax_over_max) const;

  ScaleConstants constants_;
};

}  // namespace mantissa
