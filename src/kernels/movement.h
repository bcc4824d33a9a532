#pragma once

#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace mantissa {

// Copies that change no element. Parallel over the destination.

/// Both tensors hold as many elements; their shapes may differ.
void copy_elements(const Tensor& from, Tensor& to);

/// Axis i of `to` is axis `permutation[i]` of `from`.
void transpose(const Tensor& from, const std::vector<std::size_t>& permutation, Tensor& to);

/// Arrays of rows: `count` times, `length` elements from `from` to `to`, which then advance by
/// their strides.
void copy_rows(const float* from, std::int64_t from_stride, float* to, std::int64_t to_stride,
               std::int64_t length, std::int64_t count);

/// For each axis of a result, the position that each of its positions is read from; -1: from none.
using AxisMaps = std::vector<std::vector<std::int64_t>>;

/// to[i, j, ...] = from[maps[0][i], maps[1][j], ...], or `fill` where one of the maps says -1. The
/// extents of `to` are the lengths of its maps.
void gather_mapped(const Tensor& from, const AxisMaps& maps, float fill, Tensor& to);

/// The gradient of `gather_mapped`: sums each element of `from` into the position that it was read
/// from, in the order of `from`; positions that were never read become 0.
void scatter_mapped(const Tensor& from, const AxisMaps& maps, Tensor& to);

}  // namespace mantissa
