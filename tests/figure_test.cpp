#include "seesaw/io/figure.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include "io_support.hpp"
#include "support.hpp"

namespace seesaw::test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// An environment in which PATH has only this folder.
class Path {
 public:
  explicit Path(const std::string& folder) {
    if (const char* const before = std::getenv("PATH")) before_ = before;
    ::setenv("PATH", folder.c_str(), 1);
  }
  ~Path() {
    if (before_)
      ::setenv("PATH", before_->c_str(), 1);
    else
      ::unsetenv("PATH");
  }
  Path(const Path&) = delete;
  Path& operator=(const Path&) = delete;

 private:
  std::optional<std::string> before_;
};

class Figures : public InFolder {
 protected:
  /// A program named gnuplot, in a folder of its own, which is returned.
  std::string gnuplot(const std::string& commands) const {
    std::filesystem::create_directory(path("bin"));
    const std::string program = file("bin/gnuplot", "#!/bin/sh\n" + commands);
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    return path("bin");
  }
  /// The script that a figure becomes.
  template <class Figure>
  std::string script_of(const Figure& figure) const {
    const Path only(
        gnuplot("/bin/cat /dev/stdin > '" + path("script") + "'\necho '<?xml version=\"1.0\"?><svg></svg>'\n"));
    draw(path("drawn.svg"), figure);
    return contents_of(path("script"));
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; ++at) ++found;
  return found;
}
/// What stands between two texts, the first of them at its `which`-th place from 0.
std::string between(const std::string& text, const std::string& begin, const std::string& end, int which = 0) {
  std::size_t at = text.find(begin);
  for (; which > 0 && at != text.npos; --which) at = text.find(begin, at + 1);
  EXPECT_NE(at, text.npos) << begin;
  if (at == text.npos) return "";
  at += begin.size();
  return text.substr(at, text.find(end, at) - at);
}

CurvesFigure one_panel(std::vector<double> x, std::vector<double> y, bool log_y = false, bool whole_x = false) {
  return {"title", {{"panel", "x label", "y label", {{"curve", std::move(x), std::move(y)}}, log_y, whole_x}}};
}
/// The labels along an axis, which are those of its places: 'label' place, ...
std::string tics_of(const std::string& script, const std::string& axis) {
  std::istringstream tics(between(script, "set " + axis + "tics out nomirror textcolor rgb '#202020' (", ")"));
  std::string labels, label, place;
  while (std::getline(std::getline(tics, place, '\''), label, '\'') && std::getline(tics, place, ',')) {
    EXPECT_NEAR(std::strtod(label.c_str(), nullptr), std::strtod(place.c_str(), nullptr), 1e-12);
    labels += (labels.empty() ? "" : " ") + label;
  }
  return labels;
}

TEST_F(Figures, AxesHaveRoundTics) {
  const auto tics = [&](double least, double most) {
    return tics_of(script_of(one_panel({0, 1}, {least, most})), "y");
  };
  EXPECT_EQ(tics(0.75, 1.1), "0.8 0.9 1.0 1.1");
  EXPECT_EQ(tics(-30, 170), "0 50 100 150");
  EXPECT_EQ(tics(1e7, 3e7), "1e+07 1.5e+07 2e+07 2.5e+07 3e+07");
  EXPECT_EQ(tics(3, 3), "2.7 2.8 2.9 3.0 3.1 3.2 3.3");
  EXPECT_EQ(tics(0, 0), "-0.4 -0.2 0.0 0.2 0.4");
}

TEST_F(Figures, CountsHaveWholeTics) {
  const auto tics = [&](double most) {
    return tics_of(script_of(one_panel({1, most}, {0, 1}, false, /*whole_x=*/true)), "x");
  };
  EXPECT_EQ(tics(3), "1 2 3");
  EXPECT_EQ(tics(20), "5 10 15 20");
}

TEST_F(Figures, LogarithmicAxesHavePowersOfTen) {
  const auto script = [&](double least, double most) {
    return script_of(one_panel({0, 1}, {least, most}, /*log_y=*/true));
  };
  EXPECT_EQ(tics_of(script(1e-5, 5), "y"), "1e-05 0.0001 0.001 0.01 0.1 1");
  EXPECT_EQ(tics_of(script(3, 100), "y"), "5 10 20 50 100");
  EXPECT_EQ(tics_of(script(34000, 47000), "y"), "35000 40000 45000");
  EXPECT_EQ(tics_of(script(1e-30, 1e5), "y"), "1e-30 1e-25 1e-20 1e-15 1e-10 1e-05 1 100000");
  EXPECT_TRUE(has(script(1, 10), "\nset logscale y"));
  EXPECT_FALSE(has(script_of(one_panel({0, 1}, {1, 10})), "\nset logscale"));
}

TEST_F(Figures, PointsThatCannotBeDrawnAreGaps) {
  const std::string script = script_of(one_panel({1, 2, 3, 4, 5}, {10, 0, kNaN, -1, 7}, /*log_y=*/true));
  EXPECT_EQ(between(script, "$c0 << EOD\n", "EOD"), "1 10\nNaN NaN\nNaN NaN\nNaN NaN\n5 7\n");
  EXPECT_EQ(between(script_of(one_panel({1, 2}, {0, -1})), "$c0 << EOD\n", "EOD"), "1 0\n2 -1\n");
  EXPECT_TRUE(has(script_of(one_panel({1, 2}, {0, -1}, /*log_y=*/true)), "'nothing to show'"));
}

TEST_F(Figures, BandsLieBeneathTheCurves) {
  CurvesFigure figure = one_panel({1, 2, 3}, {10, 20, 30}, /*log_y=*/true);
  figure.panels[0].curves[0].low = {5, 0, 1};
  figure.panels[0].curves[0].high = {20, 40, 1000};
  const std::string script = script_of(figure);
  EXPECT_EQ(between(script, "$b0 << EOD\n", "EOD"), "1 5 20\nNaN NaN NaN\n3 1 1000\n");
  EXPECT_TRUE(has(script, "plot $b0 using 1:2:3 with filledcurves fillcolor rgb '#0072b2' fillstyle transparent"));
  EXPECT_EQ(tics_of(script, "y"), "1 10 100 1000");
  EXPECT_FALSE(has(script_of(one_panel({1, 2}, {1, 2})), "filledcurves"));
}

std::vector<SweepRecord> history(const std::vector<double>& objectives, double validation = kNaN) {
  std::vector<SweepRecord> records;
  for (const double objective : objectives) {
    const int sweep = static_cast<int>(records.size()) + 1;
    records.push_back({sweep, objective, 0.5 / sweep, validation / sweep, 0.25 * sweep});
  }
  return records;
}

TEST(Convergence, IsDrawnAgainstSweepsAndSeconds) {
  const CurvesFigure figure = convergence_figure("t", {{"a", history({9, 4})}, {"b", history({8, 3, 6})}});
  ASSERT_EQ(figure.panels.size(), 6U);
  for (int p = 0; p < 6; ++p) {
    const Panel& panel = figure.panels[static_cast<std::size_t>(p)];
    ASSERT_EQ(panel.curves.size(), 2U);
    EXPECT_EQ(panel.x_label, p % 2 == 0 ? "sweep" : "seconds");
    EXPECT_EQ(panel.whole_x, p % 2 == 0);
    EXPECT_EQ(panel.curves[1].x, p % 2 == 0 ? (std::vector<double>{1, 2, 3}) : (std::vector<double>{0.25, 0.5, 0.75}));
    EXPECT_EQ(panel.curves[0].name, p == 0 ? "a" : "");
    EXPECT_NE(panel.curves[0].colour, panel.curves[1].colour);
  }
  EXPECT_EQ(figure.panels[0].curves[1].y, (std::vector<double>{8, 3, 6}));
  EXPECT_EQ(figure.panels[2].curves[0].y, (std::vector<double>{6, 1}));  // above 3, the least of all
  EXPECT_EQ(figure.panels[3].curves[1].y, (std::vector<double>{5, 0, 3}));
  EXPECT_TRUE(figure.panels[2].log_y);
  EXPECT_EQ(figure.panels[4].curves[0].y, (std::vector<double>{0.5, 0.25}));
}

TEST(Convergence, ScalesFollowTheNumbers) {
  const auto logarithmic = [](const std::vector<NamedHistory>& runs, std::size_t panel) {
    return convergence_figure("t", runs).panels[panel].log_y;
  };
  EXPECT_TRUE(logarithmic({{"", history({9, 1e-3})}}, 0));
  EXPECT_FALSE(logarithmic({{"", history({9, 0})}}, 0));
  EXPECT_FALSE(logarithmic({{"", history({9, 4})}, {"", history({-1})}}, 0));
  EXPECT_FALSE(logarithmic({{"", history({9, 4})}}, 4));                         // RMSE 0.5 and 0.25
  EXPECT_TRUE(logarithmic({{"", history({9, 8, 7, 6, 5, 4, 3, 2, 1, 1})}}, 4));  // 0.5 to 0.05
  EXPECT_TRUE(logarithmic({{"", history({9, 4}, 10)}}, 4));                      // validation RMSE from 10
  EXPECT_FALSE(logarithmic({{"", {}}}, 0));                                      // nothing at all
}

TEST(Convergence, ShowsValidationAndPutsRunsAside) {
  const CurvesFigure figure =
      convergence_figure("t", {{"a", history({9, 4}, 2)}, {"b", history({8, 3}, 3), /*aside=*/true}});
  const std::vector<Curve>& errors = figure.panels[4].curves;
  ASSERT_EQ(errors.size(), 6U);  // two of training, two of validation, two that name the styles
  EXPECT_TRUE(errors[0].dashed && errors[1].dashed && !errors[2].dashed && !errors[3].dashed);
  EXPECT_EQ(errors[3].y, (std::vector<double>{2, 1}));
  EXPECT_EQ(errors[4].name, "validation");
  EXPECT_EQ(errors[5].name, "training");
  EXPECT_TRUE(errors[4].x.empty() && errors[5].dashed);
  EXPECT_LT(figure.panels[0].curves[0].colour, 0);  // b, beneath
  EXPECT_EQ(figure.panels[0].curves[0].name, "");
  EXPECT_EQ(figure.panels[0].curves[1].name, "a");
}

DecompositionFigure small_decomposition() {
  DecompositionFigure figure{"title", "all", "row", "column", "value", {"r1", "r2"}, {}, {}, {}, {}, 1};
  figure.x = matrix_of<double>(2, 2, {1, 3, 0, 4});        // columns of norm 1 and 5
  figure.y = matrix_of<double>(3, 2, {2, 1, 2, 2, 1, 2});  // columns of norm 3 and 3
  figure.observed = matrix_of<double>(2, 3, {kNaN, 9, 1, 5, kNaN, kNaN});
  return figure;
}

/// The numbers of the matrix number `which` in the script, each cell once, row by row.
std::vector<double> cells_of(const std::string& script, int which, std::size_t rows, std::size_t cols) {
  std::istringstream lines(between(script, "$cells << EOD\n", "EOD", which));
  std::vector<std::vector<double>> all;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream numbers(line);
    all.emplace_back();
    for (std::string number; numbers >> number;) all.back().push_back(std::strtod(number.c_str(), nullptr));
  }
  std::vector<double> cells;
  EXPECT_EQ(all.size() % rows, 0U);
  for (std::size_t i = 0; i < all.size(); i += all.size() / rows)
    for (std::size_t j = 0; j < all[i].size(); j += all[i].size() / cols) cells.push_back(all[i][j]);
  for (std::size_t i = 0; i < all.size(); ++i)  // every pixel of a cell is like its first
    for (std::size_t j = 0; j < all[i].size(); ++j) {
      const double first = cells[i / (all.size() / rows) * cols + j / (all[i].size() / cols)];
      EXPECT_TRUE(all[i][j] == first || (std::isnan(all[i][j]) && std::isnan(first)));
    }
  return cells;
}

TEST_F(Figures, OfADecompositionHaveItsNumbers) {
  const std::string script = script_of(small_decomposition());
  EXPECT_EQ(count(script, "$cells <<"), 4);
  const std::vector<double> observed = cells_of(script, 0, 2, 3);
  EXPECT_TRUE(std::isnan(observed[0]) && std::isnan(observed[4]) && std::isnan(observed[5]));
  EXPECT_EQ(observed[1], 8);  // 9 - mean
  EXPECT_EQ(observed[2], 0);
  EXPECT_EQ(observed[3], 4);
  EXPECT_EQ(cells_of(script, 3, 2, 3), (std::vector<double>{5, 8, 7, 4, 8, 8}));
  // The pair with the root mean squares 5 / sqrt(2) and sqrt(3) first, then that with 1 / sqrt(2) and sqrt(3).
  const std::vector<double> x = cells_of(script, 1, 2, 2), y = cells_of(script, 2, 2, 3);
  constexpr double kPrinted = 1e-4;  // five digits of numbers below 10
  const double first = std::sqrt(std::sqrt(6.0) / 5), second = std::sqrt(std::sqrt(6.0));
  const double expected_x[] = {3 * first, second, 4 * first, 0};
  const double expected_y[] = {1 / first, 2 / first, 2 / first, 2 / second, 2 / second, 1 / second};
  for (std::size_t e = 0; e < 4; ++e) EXPECT_NEAR(x[e], expected_x[e], kPrinted);
  for (std::size_t e = 0; e < 6; ++e) EXPECT_NEAR(y[e], expected_y[e], kPrinted);
  // One scale for both matrices, symmetric about 0; another for the factors.
  EXPECT_EQ(count(script, "set cbrange [-8:8]"), 2);
  EXPECT_TRUE(has(script, "'r1' 0, 'r2' 1"));
  EXPECT_TRUE(has(script, "'1' 0, '2' 1, '3' 2"));  // columns without names
}

TEST_F(Figures, OfADecompositionAloneOrEmptyOrOfOneCell) {
  DecompositionFigure figure = small_decomposition();
  figure.observed = {};
  EXPECT_EQ(count(script_of(figure), "$cells <<"), 3);
  EXPECT_FALSE(has(script_of(figure), "observed"));
  figure = {"", "", "", "", "", {}, {}, {}, matrix_of<double>(1, 1, {0}), matrix_of<double>(1, 1, {0}), 0};
  EXPECT_EQ(count(script_of(figure), "set cbrange [-1:1]"), 3);
  if (std::system("gnuplot --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no gnuplot to draw one cell with";
  draw(path("one.svg"), figure);
  EXPECT_EQ(count(contents_of(path("one.svg")), "<image"), 3);
}

TEST_F(Figures, ShowTextsAsTheyAre) {
  if (std::system("gnuplot --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no gnuplot to draw with";
  const std::string odd = "a'b\"`id`$x{y}_z^w%d%%\\n@m<&", shown = "a'b\"`id`$x{y}_z^w%d%%\\n@m&lt;&amp;";
  CurvesFigure curves = one_panel({0, 1}, {0, 1});
  curves.title = odd;
  Panel& panel = curves.panels[0];
  panel.title = panel.x_label = panel.y_label = panel.curves[0].name = odd;
  draw(path("c.svg"), curves);
  EXPECT_GE(count(contents_of(path("c.svg")), ">" + shown + "<"), 5);

  DecompositionFigure figure = small_decomposition();
  figure.title = figure.subtitle = figure.row_label = figure.column_label = figure.value_label = odd;
  figure.row_names = {"%s'`id`<",
                      "\xff\x01"
                      "2\xed\xa0\x80"};  // bytes that are no UTF-8, a control character
  draw(path("d.svg"), figure);
  const std::string drawn = contents_of(path("d.svg"));
  EXPECT_GE(count(drawn, ">" + shown + "<"), 6);
  EXPECT_TRUE(has(drawn, ">%s'`id`&lt;<"));
  EXPECT_TRUE(has(drawn, ">\xEF\xBF\xBD 2\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD<"));
  EXPECT_EQ(drawn.find('\x01'), drawn.npos);
}

TEST_F(Figures, LongTextsAreCutBetweenCharacters) {
  DecompositionFigure figure = small_decomposition();
  figure.row_names = {"ääääääääääääääää", "äääääääääääääääää"};  // 16 characters fit
  EXPECT_TRUE(has(script_of(figure), "'ääääääääääääääää' 0, 'äääääääääääää...' 1"));
}

TEST_F(Figures, ThatDoNotFitAreRefused) {
  const auto said = [&](auto error, const auto& figure) {
    return message_of<decltype(error)>([&] { draw(path("f.svg"), figure); });
  };
  EXPECT_EQ(said(InvalidArgument(""), CurvesFigure{}), "the figure has no panels, expected at least one");
  EXPECT_EQ(said(ShapeError(""), one_panel({1, 2}, {1})), "curve \"curve\" has 2 x and 1 y, expected as many of both");
  CurvesFigure curves = one_panel({1}, {1});
  curves.panels[0].curves[0].low = {1};
  EXPECT_EQ(said(ShapeError(""), curves), "curve \"curve\" has a band of 1 low and 0 high, expected as many as x, 1");
  curves = one_panel({1}, {1});
  curves.columns = 0;
  EXPECT_EQ(said(InvalidArgument(""), curves), "columns is 0, expected at least 1");
  DecompositionFigure figure = small_decomposition();
  figure.y = matrix_of<double>(3, 1, {1, 2, 3});
  EXPECT_EQ(said(ShapeError(""), figure), "x is 2 x 2 and y is 3 x 1, expected m x k and n x k");
  figure = small_decomposition();
  figure.observed = matrix_of<double>(1, 3, {1, 2, 3});
  EXPECT_EQ(said(ShapeError(""), figure), "observed is 1 x 3, expected 2 x 3");
  figure = small_decomposition();
  figure.row_names.pop_back();
  EXPECT_EQ(said(ShapeError(""), figure), "row_names has 1 names, expected 2");
  figure = small_decomposition();
  figure.mean = kNaN;
  EXPECT_EQ(said(InvalidArgument(""), figure), "mean is not finite");
  EXPECT_FALSE(std::filesystem::exists(path("f.svg")));
}

TEST_F(Figures, WithoutGnuplotOrByAnotherNameAreRefused) {
  const std::string bin = gnuplot("exit 0\n");
  const auto drawable = [&](const std::string& name) { require_drawable(path(name)); };
  {
    const Path only(bin);
    for (const char* const name : {"a.svg", "a.png", "a.b.SVG"}) drawable(name);
    for (const char* const name : {"a.pdf", "a", ".svg", "svg", "a.svg.gz"})
      EXPECT_EQ(message_of<InvalidArgument>([&] { drawable(name); }),
                "the picture is \"" + path(name) + "\", expected a name that ends in .svg or .png");
  }
  for (const std::string& nowhere : {path("none"), std::string(), bin + "/gnuplot"}) {
    const Path only(nowhere);
    EXPECT_EQ(
        message_of<IoError>([&] { drawable("a.svg"); }),
        path("a.svg") + ": cannot be drawn, for there is no gnuplot in PATH (Debian's package gnuplot-nox has it)");
  }
  const Path second(path("none") + ":" + bin);
  drawable("a.svg");
}

TEST_F(Figures, ThatGnuplotFailsToDrawLeaveTheOldPicture) {
  const std::string old = file("f.svg", "old");
  const auto said = [&](const std::string& commands) {
    const Path only(gnuplot(commands));
    const std::string message = message_of<IoError>([&] { draw(old, one_panel({1}, {1})); });
    EXPECT_EQ(message.substr(0, old.size() + 2), old + ": ");
    return message.substr(std::min(message.size(), old.size() + 2));
  };
  EXPECT_EQ(said("echo plot it >&2\necho '\"/dev/stdin\" line 3: bad' >&2\necho >&2\nexit 1\n"),
            "cannot be drawn: gnuplot ended with status 1: \"/dev/stdin\" line 3: bad");
  EXPECT_EQ(said("exit 3\n"), "cannot be drawn: gnuplot ended with status 3");
  EXPECT_EQ(said("kill -9 $$\n"), "cannot be drawn: gnuplot was killed by signal 9");
  EXPECT_EQ(said("exit 0\n"), "cannot be drawn: gnuplot drew no whole picture");
  EXPECT_EQ(said("echo '<?xml version=\"1.0\"?><svg>'\n"), "cannot be drawn: gnuplot drew no whole picture");
  EXPECT_EQ(contents_of(old), "old");
  EXPECT_EQ(names().size(), 2U) << "a temporary file was left";  // and the folder of the program
  const Path only(gnuplot("echo '<?xml version=\"1.0\"?><svg></svg>'\n"));
  draw(old, one_panel({1}, {1}));
  EXPECT_EQ(contents_of(old), "<?xml version=\"1.0\"?><svg></svg>\n");
}

}  // namespace
}  // namespace seesaw::test
