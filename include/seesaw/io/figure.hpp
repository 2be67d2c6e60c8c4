#pragma once
#include <string>
#include <vector>

#include "seesaw/iteration.hpp"
#include "seesaw/matrix.hpp"

// Pictures, svg or png by the file's ending. gnuplot (5.0 or newer) draws them; it is looked for in PATH and run as a
// program, so that nobody who draws nothing needs it.
namespace seesaw {

// ---- curves

/// Points and the lines between them.
struct Curve {
  std::string name = {};  ///< in the key; empty: not there
  std::vector<double> x;
  std::vector<double> y;  ///< as many; a number that is not finite leaves a gap
  int colour = 0;         ///< a number in a palette of ten; below 0: grey and thin, beneath the others
  bool dashed = false;
  std::vector<double> low = {};  ///< a band about it, pale, from low to high: as many as points, or none
  std::vector<double> high = {};
};

/// Curves over one pair of axes.
struct Panel {
  std::string title, x_label, y_label;
  std::vector<Curve> curves;
  bool log_y = false;    ///< a logarithmic y axis; where y <= 0 there are gaps
  bool whole_x = false;  ///< x counts something
};

/// Panels in rows of `columns`, under a key that names the curves of the first panel; the other panels' own keys lie
/// in them.
struct CurvesFigure {
  std::string title;
  std::vector<Panel> panels;
  int columns = 2;
};

/// A history and what to call it: a start of several, a solver among others.
struct NamedHistory {
  std::string name;  ///< may be empty where there is only one
  std::vector<SweepRecord> history;
  bool aside = false;  ///< grey, beneath the others and not named
};

/// How runs on one problem went, all objectives being of the same function: the objective, its excess over the least of
/// all (the error of each step; the least itself is a gap) and the RMSEs, each against sweeps and against seconds. The
/// objective is on a logarithmic scale where all are positive, the RMSEs where they span a factor of ten besides.
/// Validation entries that come from a known truth without noise make the validation RMSE the error in the domain.
CurvesFigure convergence_figure(const std::string& title, const std::vector<NamedHistory>& runs);

// ---- matrices

/// Of a matrix of m x n, or of some of its rows and columns: the observed entries beside mean + X Y', with X at its
/// left and Y' above it. Colours are those of entry - mean, from blue for the most negative through white for 0 to red,
/// the same for both; what was not observed is grey. For the eye each pair of columns of X and Y is scaled to the same
/// root mean square, by factors whose product is 1, and the largest pair comes first.
struct DecompositionFigure {
  std::string title;
  std::string subtitle;  ///< which rows and columns are shown, say
  std::string row_label, column_label, value_label;
  std::vector<std::string> row_names;  ///< m, or empty: their numbers from 1
  std::vector<std::string> column_names;
  Matrix<double> observed;  ///< m x n, NaN where not observed; rows = 0: only the recovered matrix
  Matrix<double> x;         ///< m x k
  Matrix<double> y;         ///< n x k
  double mean = 0;
};

// ---- drawing

/// Throws InvalidArgument unless `path` ends in .svg or .png, IoError where gnuplot is not in PATH: what can be known
/// before a long run begins.
void require_drawable(const std::string& path);

/// The picture appears under its name when it is whole; an older one stays where anything fails. Texts are drawn as
/// they are, but for control characters, which become spaces, and bytes that are not UTF-8, which become U+FFFD.
/// Throws as require_drawable(); IoError with what gnuplot says where it fails, or the file cannot be written;
/// InvalidArgument for a figure without panels, ShapeError for sizes that do not fit.
void draw(const std::string& path, const CurvesFigure& figure);
void draw(const std::string& path, const DecompositionFigure& figure);

}  // namespace seesaw
