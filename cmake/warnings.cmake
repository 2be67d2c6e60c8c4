# seesaw_warnings: what our own code must compile without; never handed on to users.
add_library(seesaw_warnings INTERFACE)
target_compile_options(seesaw_warnings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wconversion>)
if(SEESAW_WERROR)
  target_compile_options(seesaw_warnings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()
