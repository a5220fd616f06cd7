# trawl_layer(NAME FOLDER dir [PURE] HEADERS ... SOURCES ... [USES layer ...] [LIBS target ...])
#
# One folder is one target, and a wrong include or symbol does not build. Three nets:
#   1. a layer's only public include root is a build folder that holds one symlink for each of its
#      declared headers, so the header of a folder that is not in USES is "No such file";
#   2. a link test: an empty main() with the whole archive and only what USES and LIBS name, so a
#      symbol declared by hand is "undefined reference";
#   3. headers form a FILE_SET whose verification (target all_verify_interface_header_sets, on with
#      -DTRAWL_VERIFY_HEADERS=ON) compiles each of them alone.
# What slips past (a "../" include, a clock in a pure folder) is refused by tools/check_layers.
option(TRAWL_VERIFY_HEADERS "Compile every header alone" OFF)
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ${TRAWL_VERIFY_HEADERS})
option(TRAWL_LINK_TESTS "Link every layer alone with what it names" ON)

function(trawl_layer name)
  cmake_parse_arguments(layer "PURE" "FOLDER" "HEADERS;SOURCES;USES;LIBS" ${ARGN})
  set(root ${CMAKE_BINARY_DIR}/include/${name})
  set(links)
  foreach(header IN LISTS layer_HEADERS)
    get_filename_component(folder ${root}/${layer_FOLDER}/${header} DIRECTORY)
    file(MAKE_DIRECTORY ${folder})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${layer_FOLDER}/${header}
         ${root}/${layer_FOLDER}/${header} SYMBOLIC)
    list(APPEND links ${root}/${layer_FOLDER}/${header})
  endforeach()

  add_library(trawl_${name} STATIC ${layer_SOURCES})
  target_sources(trawl_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${root} FILES ${links})
  list(TRANSFORM layer_USES PREPEND trawl_)
  target_link_libraries(trawl_${name} PUBLIC ${layer_USES} ${layer_LIBS} PRIVATE trawl_warnings)

  if(TRAWL_LINK_TESTS)
    set(main ${CMAKE_BINARY_DIR}/empty_main.cc)
    if(NOT EXISTS ${main})
      file(WRITE ${main} "int main() {}\n")
    endif()
    add_executable(link_test_${name} ${main})
    target_link_libraries(link_test_${name}
      PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,trawl_${name}>)
  endif()
endfunction()
