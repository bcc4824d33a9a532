#include "kernels/packing.h"

#include <algorithm>

namespace mantissa {

void StridedSource::pack(std::int64_t first_item, int count, int width, std::int64_t first_k,
                         std::int64_t last_k, float* panel) const {
  const float* source = data_ + first_item * item_stride_ + first_k * k_stride_;
  for (std::int64_t k = first_k; k < last_k; ++k, source += k_stride_, panel += width) {
    if (item_stride_ == 1) {
      std::copy_n(source, count, panel);
    } else {
      for (int item = 0; item < count; ++item) panel[item] = source[item * item_stride_];
    }
    std::fill(panel + count, panel + width, 0.0F);
  }
}

void WeightSource::pack(std::int64_t first_item, int count, int width, std::int64_t first_k,
                        std::int64_t last_k, float* panel) const {
  const float* items = data_ + first_item * item_stride_;
  for (std::int64_t k = first_k; k < last_k; ++k, panel += width) {
    const float* source = items + (k % channels_) * channel_stride_ + k / channels_;
    for (int item = 0; item < count; ++item) panel[item] = source[item * item_stride_];
    std::fill(panel + count, panel + width, 0.0F);
  }
}

void WindowSource::pack(std::int64_t first_item, int count, int width, std::int64_t first_k,
                        std::int64_t last_k, float* panel) const {
  const Images& images = window_.images;
  const std::int64_t grid = window_.grid_height * window_.grid_width;
  const std::int64_t plane = images.height * images.width;
  for (std::int64_t k = first_k; k < last_k; ++k, panel += width) {
    const std::int64_t tap = k / images.channels;
    const float* source = images.data + (k % images.channels) * plane;
    for (int item = 0; item < count; ++item) {
      const std::int64_t position = first_item + item;
      const std::int64_t pixel = position % grid;
      const std::int64_t row =
          window_.rows.source(pixel / window_.grid_width, tap / window_.kernel_width);
      const std::int64_t column =
          window_.columns.source(pixel % window_.grid_width, tap % window_.kernel_width);
      panel[item] =
          row < 0 || column < 0
              ? 0.0F
              : source[(position / grid) * images.image_stride + row * images.width + column];
    }
    std::fill(panel + count, panel + width, 0.0F);
  }
}

void WindowByPosition::pack(std::int64_t first_item, int count, int width, std::int64_t first_k,
                            std::int64_t last_k, float* panel) const {
  const Images& images = window_.images;
  const std::int64_t grid = window_.grid_height * window_.grid_width;
  const std::int64_t plane = images.height * images.width;
  for (std::int64_t k = first_k; k < last_k; ++k, panel += width) {
    const std::int64_t pixel = k % grid;
    for (int item = 0; item < count; ++item) {
      const std::int64_t tap = (first_item + item) / images.channels;
      const std::int64_t channel = (first_item + item) % images.channels;
      const std::int64_t row =
          window_.rows.source(pixel / window_.grid_width, tap / window_.kernel_width);
      const std::int64_t column =
          window_.columns.source(pixel % window_.grid_width, tap % window_.kernel_width);
      panel[item] = row < 0 || column < 0
                        ? 0.0F
                        : images.data[(k / grid) * images.image_stride + channel * plane +
                                      row * images.width + column];
    }
    std::fill(panel + count, panel + width, 0.0F);
  }
}

void PixelSource::pack(std::int64_t first_item, int count, int width, std::int64_t first_k,
                       std::int64_t last_k, float* panel) const {
  const std::int64_t plane = images_.height * images_.width;
  for (std::int64_t k = first_k; k < last_k; ++k, panel += width) {
    const float* source =
        images_.data + (k / plane) * images_.image_stride + first_item * plane + k % plane;
    for (int item = 0; item < count; ++item) panel[item] = source[item * plane];
    std::fill(panel + count, panel + width, 0.0F);
  }
}

}  // namespace mantissa
