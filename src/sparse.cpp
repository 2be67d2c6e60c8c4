#include "sparse.hpp"

#include <string>

#include "checks.hpp"
#include "dispatch.hpp"
#include "tensor_checks.hpp"

namespace seesaw {
namespace {

template <class U>
U element(const Context& ctx, const U* array, offset_t n) {
  U value{};
  ctx.memory()->copy_to_host(&value, array + n, sizeof(U));
  return value;
}

/// What is wrong at entry e, with the value found there.
template <class T>
std::string value_text(const Context& ctx, Flaw flaw, const T* values, const T* weights) {
  const bool weight = flaw.kind == Flaw::Kind::weight;
  return (weight ? "has the weight " : "has the value ") +
         number_text(static_cast<double>(element(ctx, weight ? weights : values, flaw.entry))) +
         (weight ? ", expected a finite number >= 0" : ", expected a finite number");
}

template <class T>
[[noreturn]] void throw_flaw(const Context& ctx, Flaw flaw, const SparseTensorView<T>& entries) {
  std::string place = "(", shape;
  for (std::size_t d = 0; d < static_cast<std::size_t>(entries.order); ++d) {
    place += (d > 0 ? ", " : "") + std::to_string(element(ctx, entries.indices[d], flaw.entry));
    shape += (d > 0 ? " x " : "") + std::to_string(entries.shape[d]);
  }
  place += ")";
  const std::string who = "entry " + std::to_string(flaw.entry);
  if (flaw.kind == Flaw::Kind::index) throw InvalidArgument(who + " has the index " + place + ", outside " + shape);
  if (flaw.kind == Flaw::Kind::duplicate)
    throw InvalidArgument(who + " is the second one at " + place + "; every place may have one entry");
  throw InvalidArgument(who + " at " + place + " " + value_text(ctx, flaw, entries.values, entries.weights));
}

template <class T>
void require_matrix(const Context& ctx, const SparseTensorView<T>& entries) {
  if (entries.order != 2)
    throw ShapeError("entries have the order " + std::to_string(entries.order) + ", a matrix has order 2");
  for (std::size_t d = 0; d < 2; ++d)
    if (entries.shape[d] < 0 || entries.shape[d] > kMostRows || entries.entries < 0)
      throw ShapeError("entries have the shape " + shape_text(entries.shape[0], entries.shape[1]) +
                       ", expected sizes from 0 to 2^31 - 1");
  require_arrays(ctx, entries, "entries");
}

template <class T>
Csr<T> allocate(const Context& ctx, index_t rows, index_t cols, offset_t entries, bool weights) {
  return {rows,
          cols,
          Buffer<offset_t>(ctx, rows + 1),
          Buffer<column_t>(ctx, entries),
          Buffer<T>(ctx, entries),
          weights ? Buffer<T>(ctx, entries) : Buffer<T>()};
}

template <class T>
Csr<T> run_compress(Context& ctx, const SparseTensorView<T>& entries) {
  require_matrix(ctx, entries);
  require_contents(ctx, entries);
  auto csr = allocate<T>(ctx, entries.shape[0], entries.shape[1], entries.entries, entries.weights != nullptr);
  const Flaw flaw = on_backend(
      ctx, [&] { return reference::compress(entries, csr); },
      [&](int threads) { return cpu::compress(threads, entries, csr); },
      [&](auto& gpu) { return cuda::compress(gpu, entries, csr); });
  if (flaw.kind != Flaw::Kind::none) throw_flaw(ctx, flaw, entries);
  return csr;
}

template <class T>
ModeEntries<T> run_by_mode(Context& ctx, const SparseTensorView<T>& entries, int mode) {
  require_order("entries", entries.order);
  require_mode(mode, entries.order);
  require_sizes("entries", entries.order, entries.shape, 0);
  require_arrays(ctx, entries, "entries");
  require_contents(ctx, entries);
  const auto own = static_cast<std::size_t>(mode);
  ModeEntries<T> out;
  out.order = entries.order;
  out.mode = mode;
  out.shape = entries.shape;
  out.offsets = Buffer<offset_t>(ctx, entries.shape[own] + 1);
  for (std::size_t d = 0; d < static_cast<std::size_t>(entries.order); ++d)
    if (d != own) out.indices[d] = Buffer<column_t>(ctx, entries.entries);
  out.values = Buffer<T>(ctx, entries.entries);
  if (entries.weights != nullptr) out.weights = Buffer<T>(ctx, entries.entries);
  on_backend(
      ctx, [&] { reference::by_mode(entries, out); }, [&](int threads) { cpu::by_mode(threads, entries, out); },
      [&](auto& gpu) { cuda::by_mode(gpu, entries, out); });
  return out;
}

template <class T>
Csr<T> run_transpose(Context& ctx, CsrView<T> matrix) {
  require_csr(ctx, matrix, "matrix");
  auto out = allocate<T>(ctx, matrix.cols, matrix.rows, matrix.entries, matrix.weights != nullptr);
  on_backend(
      ctx, [&] { reference::transpose(matrix, out); }, [&](int threads) { cpu::transpose(threads, matrix, out); },
      [&](auto& gpu) { cuda::transpose(gpu, matrix, out); });
  return out;
}

template <class T>
void run_validate(Context& ctx, CsrView<T> matrix, const char* name) {
  require_csr(ctx, matrix, name);
  const Flaw flaw = on_backend(
      ctx, [&] { return reference::check(matrix); }, [&](int threads) { return cpu::check(threads, matrix); },
      [&](auto& gpu) { return cuda::check(gpu, matrix); });
  if (flaw.kind == Flaw::Kind::none) return;
  const std::string who = std::string(name) + ": entry " + std::to_string(flaw.entry) + " ";
  if (flaw.kind == Flaw::Kind::offsets)
    throw InvalidArgument(std::string(name) + ".offsets[" + std::to_string(flaw.entry) +
                          "]: offsets must ascend, and differ by `entries` in all");
  if (flaw.kind == Flaw::Kind::index || flaw.kind == Flaw::Kind::order)
    throw InvalidArgument(who + "has the column " + std::to_string(element(ctx, matrix.columns, flaw.entry)) +
                          (flaw.kind == Flaw::Kind::index ? ", expected 0 to " + std::to_string(matrix.cols - 1)
                                                          : ", not above the one before it in its row"));
  throw InvalidArgument(who + value_text(ctx, flaw, matrix.values, matrix.weights));
}

}  // namespace

template <class T>
void require_contents(const Context& ctx, const SparseTensorView<T>& entries) {
  const Flaw flaw = on_backend(
      ctx, [&] { return reference::check_entries(entries); },
      [&](int threads) { return cpu::check_entries(threads, entries); },
      [&](auto& gpu) { return cuda::check_entries(gpu, entries); });
  if (flaw.kind != Flaw::Kind::none) throw_flaw(ctx, flaw, entries);
}

template void require_contents(const Context&, const SparseTensorView<float>&);
template void require_contents(const Context&, const SparseTensorView<double>&);

Csr<float> compress(Context& ctx, SparseTensorView<float> entries) { return run_compress(ctx, entries); }
Csr<double> compress(Context& ctx, SparseTensorView<double> entries) { return run_compress(ctx, entries); }
ModeEntries<float> by_mode(Context& ctx, SparseTensorView<float> entries, int mode) {
  return run_by_mode(ctx, entries, mode);
}
ModeEntries<double> by_mode(Context& ctx, SparseTensorView<double> entries, int mode) {
  return run_by_mode(ctx, entries, mode);
}
Csr<float> transpose(Context& ctx, CsrView<float> matrix) { return run_transpose(ctx, matrix); }
Csr<double> transpose(Context& ctx, CsrView<double> matrix) { return run_transpose(ctx, matrix); }
void validate(Context& ctx, CsrView<float> matrix, const char* name) { run_validate(ctx, matrix, name); }
void validate(Context& ctx, CsrView<double> matrix, const char* name) { run_validate(ctx, matrix, name); }

}  // namespace seesaw
