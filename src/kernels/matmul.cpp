#include "kernels/matmul.h"

#include <algorithm>
#include <cassert>

#include "kernels/matmul_tiles.h"
#include "kernels/microkernel.h"

namespace mantissa {

void matmul(const MatrixView& a, const MatrixView& b, float* c, std::int64_t c_row_stride,
            const Mac& mac, RandomKey key, const Epilogue& epilogue, std::uint64_t first_element) {
  assert(a.columns == b.rows);
  const StridedSource left(a.data, a.row_stride, a.column_stride);
  const StridedSource right(b.data, b.column_stride, b.row_stride);
  TiledProduct product;
  product.left = &left;
  product.right = &right;
  if (needs_facts(mac)) {
    product.left_facts = measure_facts(a);
    product.right_facts = measure_facts(b);
  }
  product.rows = a.rows;
  product.columns = b.columns;
  product.depth = a.columns;
  product.output.data = c;
  product.output.row_stride = c_row_stride;
  product.output.columns.inner_extent = std::max<std::int64_t>(b.columns, 1);
  product.output.first_element = first_element;
  product.output.row_elements = b.columns;
  multiply_tiles(product, mac, key, epilogue);
}

}  // namespace mantissa
