#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <new>
#include <optional>
#include <string>

#include "arguments.hpp"
#include "commands.hpp"
#include "seesaw/errors.hpp"
#include "seesaw/version.hpp"

namespace {

enum ExitCode { kOk = 0, kFailed = 1, kWrongUsage = 2 };

int fail(ExitCode code, std::string message) {
  while (!message.empty() && message.back() == '\n') message.pop_back();
  for (char& c : message)
    if (c == '\n') c = ' ';
  std::fputs(("seesaw: " + message + "\n").c_str(), stderr);
  return code;
}

/// What --help and --version print.
int print(const CLI::App& program, const CLI::ParseError& request) {
  program.exit(request);
  std::cout.flush();
  return std::cout ? kOk : fail(kFailed, "standard output: cannot be written");
}

int wrong_usage(const CLI::App& program, const std::string& message) {
  std::string command;
  for (auto chosen = program.get_subcommands(); !chosen.empty(); chosen = chosen.front()->get_subcommands())
    command += chosen.front()->get_name() + " ";
  return fail(kWrongUsage, fmt::format("{}; see seesaw {}--help", message, command));
}

/// Where a command is expected and something else stands: that it is none.
std::optional<std::string> no_such_command(const CLI::App& program, int argc, char** argv) {
  int depth = 1;
  const CLI::App* command = &program;
  for (auto chosen = program.get_subcommands(); !chosen.empty(); chosen = command->get_subcommands(), ++depth)
    command = chosen.front();
  if (command->get_require_subcommand_min() == 0 || argc <= depth) return std::nullopt;
  return fmt::format("\"{}\" is no command", argv[depth]);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("Low-rank factors of ratings: fit a model, measure it, predict with it.", "seesaw");
  program.require_subcommand(1);
  program.set_version_flag("--version", std::string("seesaw ") + seesaw::kVersion, "Print the version");
  program.footer(
      "Each command has its own help: seesaw fit --help\n"
      "Exit codes: 0 done; 1 the input, the data or the run failed; 2 wrong usage.\n\n"
      "Example:\n"
      "  seesaw fit ratings.csv -o model.h5 --rank 32 --holdout 0.1\n"
      "  seesaw predict model.h5 --user 196 --top 10 --seen ratings.csv --titles movies.csv");
  seesaw::cli::add_fit(program);
  seesaw::cli::add_compare(program);
  seesaw::cli::add_evaluate(program);
  seesaw::cli::add_predict(program);
  seesaw::cli::add_show(program);
  seesaw::cli::add_generate(program);
  seesaw::cli::add_info(program);
  seesaw::cli::add_cp(program);
  seesaw::cli::add_experiment(program);
  try {
    program.parse(argc, argv);
    return kOk;
  } catch (const CLI::RequiredError& error) {
    return wrong_usage(program, no_such_command(program, argc, argv).value_or(error.what()));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return print(program, error);
    return wrong_usage(program, error.what());
  } catch (const seesaw::cli::UsageError& error) {
    return wrong_usage(program, error.what());
  } catch (const std::bad_alloc&) {
    return fail(kFailed, "out of memory");
  } catch (const std::exception& error) {
    return fail(kFailed, error.what());
  }
}
