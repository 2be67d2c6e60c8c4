// spmv on planted power-law ratings, by rows and, transposed, by columns; arguments in data.hpp.
#include "measure.hpp"
#include "seesaw/spmv.hpp"

int main(int argc, char** argv) {
  using namespace seesaw;
  // 2 nnz operations; there is no rank. Of the vector each element counts once.
  const auto product = []<class T>(benchmark::State& state, Context& ctx, const Csr<T>& s) {
    Matrix<double> v(ctx, 1, s.cols);
    Buffer<double> out(ctx, s.rows);
    fill_normal(ctx, 1, 1.0, v.view());
    const auto nnz = static_cast<double>(s.values.size());
    const double bytes =
        nnz * (sizeof(T) + sizeof(column_t)) + static_cast<double>(s.rows + s.cols + s.rows) * sizeof(double);
    bench::measure<T>(state, ctx, 2 * nnz, bytes, [&] { spmv(ctx, s.view(), v.view().data, out.data()); });
  };
  const auto by_row = [&]<class T>(T, benchmark::State& state, Context& ctx, const bench::Options& options, index_t) {
    product(state, ctx, to_context(ctx, bench::planted<T>(options)));
  };
  const auto by_column = [&]<class T>(T, benchmark::State& state, Context& ctx, const bench::Options& options,
                                      index_t) {
    const auto s = to_context(ctx, bench::planted<T>(options));
    product(state, ctx, transpose(ctx, s.view()));
  };
  return bench::run_all(argc, argv, [&](const bench::Options& options, std::vector<Context>& contexts) {
    bench::add<float>("spmv/rows", options, contexts, {1}, by_row);
    bench::add<float>("spmv/columns", options, contexts, {1}, by_column);
    bench::add<double>("spmv/rows", options, contexts, {1}, by_row);
    bench::add<double>("spmv/columns", options, contexts, {1}, by_column);
  });
}
