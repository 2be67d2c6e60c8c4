# The tool, end to end.
find_package(Python3 COMPONENTS Interpreter)
if(NOT TARGET seesaw_tool)
  add_test(NAME cli COMMAND ${CMAKE_COMMAND} -E echo "skipped: the tool is not built (SEESAW_TOOL)")
  set_tests_properties(cli PROPERTIES SKIP_REGULAR_EXPRESSION "skipped")
elseif(NOT Python3_FOUND)
  add_test(NAME cli COMMAND ${CMAKE_COMMAND} -E echo "skipped: no Python 3 interpreter")
  set_tests_properties(cli PROPERTIES SKIP_REGULAR_EXPRESSION "skipped")
else()
  foreach(name IN ITEMS cli cli_complete cli_cp cli_experiment cli_experiment_errors cli_fit cli_plot cli_solver)
    add_test(NAME ${name} COMMAND Python3::Interpreter ${CMAKE_CURRENT_LIST_DIR}/${name}_test.py
                                  $<TARGET_FILE:seesaw_tool>)
    set_tests_properties(${name} PROPERTIES TIMEOUT 600)
  endforeach()
  # Without gnuplot they are skipped in part.
  set_tests_properties(cli_complete cli_cp cli_experiment cli_plot PROPERTIES SKIP_REGULAR_EXPRESSION "OK \\(skipped=")
endif()
