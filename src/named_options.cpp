#include <limits>
#include <string>
#include <type_traits>
#include <variant>

#include "seesaw/complete.hpp"
#include "seesaw/errors.hpp"

namespace seesaw {

template <>
const std::vector<std::pair<std::string, GradientStep>>& words_for<GradientStep>() {
  static const std::vector<std::pair<std::string, GradientStep>> words{
      {"exact", GradientStep::exact},         {"fixed", GradientStep::fixed},   {"inverse", GradientStep::inverse},
      {"geometric", GradientStep::geometric}, {"armijo", GradientStep::armijo}, {"lipschitz", GradientStep::lipschitz}};
  return words;
}
template <>
const std::vector<std::pair<std::string, Momentum>>& words_for<Momentum>() {
  static const std::vector<std::pair<std::string, Momentum>> words{
      {"none", Momentum::none}, {"heavy-ball", Momentum::heavy_ball}, {"nesterov", Momentum::nesterov}};
  return words;
}
template <>
const std::vector<std::pair<std::string, LbfgsSearch>>& words_for<LbfgsSearch>() {
  static const std::vector<std::pair<std::string, LbfgsSearch>> words{
      {"exact", LbfgsSearch::exact}, {"wolfe", LbfgsSearch::wolfe}, {"armijo", LbfgsSearch::armijo}};
  return words;
}
template <>
const std::vector<std::pair<std::string, FrankWolfeStep>>& words_for<FrankWolfeStep>() {
  static const std::vector<std::pair<std::string, FrankWolfeStep>> words{{"exact", FrankWolfeStep::exact},
                                                                         {"harmonic", FrankWolfeStep::harmonic}};
  return words;
}

namespace {

using Value = decltype(NamedOption::value);

struct Field {
  const char* name;
  std::variant<bool*, int*, index_t*, double*, GradientStep*, Momentum*, LbfgsSearch*, FrankWolfeStep*> member;
};

/// What each solver heeds: the one list that writing, reading and printing go by.
std::vector<Field> fields_of(Solver solver, SolverOptions& own) {
  GradientDescentOptions& descent = own.gradient_descent;
  NewtonOptions& newton = own.newton;
  switch (solver) {
    case Solver::als:
      return {};
    case Solver::agd:
    case Solver::gd:
      return {{"rule", &descent.rule},
              {"step", &descent.step},
              {"decay", &descent.decay},
              {"armijo_step", &descent.armijo.step},
              {"armijo_shrink", &descent.armijo.shrink},
              {"armijo_decrease", &descent.armijo.decrease},
              {"armijo_most", &descent.armijo.most},
              {"momentum", &descent.momentum},
              {"beta", &descent.beta},
              {"restart", &descent.restart}};
    case Solver::lbfgs:
      return {{"history", &own.lbfgs.history},
              {"search", &own.lbfgs.search},
              {"decrease", &own.lbfgs.decrease},
              {"curvature", &own.lbfgs.curvature}};
    case Solver::sgd:
      return {{"step", &own.sgd.step},
              {"decay", &own.sgd.decay},
              {"grid", &own.sgd.grid},
              {"alternating", &own.sgd.alternating},
              {"epochs", &own.sgd.epochs}};
    case Solver::newton:
      return {{"damping", &newton.damping},
              {"forcing", &newton.forcing},
              {"cg_steps", &newton.cg_steps},
              {"decrease", &newton.decrease},
              {"shrink", &newton.shrink}};
    case Solver::newton_dense:
      return {{"damping", &newton.damping},
              {"decrease", &newton.decrease},
              {"shrink", &newton.shrink},
              {"dense_limit", &newton.dense_limit}};
    case Solver::gauss_newton:
      return {{"damping", &newton.damping},
              {"forcing", &newton.forcing},
              {"cg_steps", &newton.cg_steps},
              {"decrease", &newton.decrease}};
    case Solver::frank_wolfe:
      return {{"radius", &own.frank_wolfe.radius},
              {"step", &own.frank_wolfe.step},
              {"lanczos_steps", &own.frank_wolfe.lanczos_steps},
              {"accuracy", &own.frank_wolfe.accuracy}};
    case Solver::nuclear_pgd:
      return {{"radius", &own.nuclear_pgd.radius}, {"accelerated", &own.nuclear_pgd.accelerated}};
  }
  return {};
}

template <class T>
using Stored =
    std::conditional_t<std::is_enum_v<T>, std::string, std::conditional_t<std::is_same_v<T, int>, std::int64_t, T>>;

template <class T>
Stored<T> stored(T member) {
  if constexpr (std::is_enum_v<T>) {
    for (const auto& [word, choice] : words_for<T>())
      if (choice == member) return word;
    throw InvalidArgument("choice " + std::to_string(static_cast<int>(member)) + " is none");
  } else {
    return member;
  }
}

template <class T>
void assign(T& member, const NamedOption& option) {
  const auto* const value = std::get_if<Stored<T>>(&option.value);
  if (value == nullptr) throw InvalidArgument(option.name + " is not of the type of this option");
  if constexpr (std::is_enum_v<T>) {
    std::string all;
    for (const auto& [word, choice] : words_for<T>()) {
      if (word == *value) {
        member = choice;
        return;
      }
      all += (all.empty() ? "" : ", ") + word;
    }
    throw InvalidArgument(option.name + " is \"" + *value + "\", expected one of " + all);
  } else {
    if constexpr (std::is_same_v<T, int>)
      if (*value < std::numeric_limits<int>::min() || *value > std::numeric_limits<int>::max())
        throw InvalidArgument(option.name + " is " + std::to_string(*value) + ", expected a number of 32 bits");
    member = static_cast<T>(*value);
  }
}

}  // namespace

std::vector<NamedOption> named_options(Solver solver, const SolverOptions& own) {
  SolverOptions copy = own;
  std::vector<NamedOption> options;
  for (const Field& field : fields_of(solver, copy))
    options.push_back(
        {field.name, std::visit([](const auto* member) { return Value(stored(*member)); }, field.member)});
  return options;
}

void set_option(Solver solver, SolverOptions& own, const NamedOption& option) {
  for (const Field& field : fields_of(solver, own))
    if (option.name == field.name) return std::visit([&](auto* member) { assign(*member, option); }, field.member);
  throw InvalidArgument(std::string(to_string(solver)) + " has no option " + option.name);
}

}  // namespace seesaw
