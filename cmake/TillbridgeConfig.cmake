# find_package(Tillbridge): everything a plugin's author needs.
#
#   Tillbridge::headers   the C boundary, <tillbridge/plugin.h>
#   Tillbridge::sdk       the C++ ground, <tillbridge/sdk/...>; C++23
#   Tillbridge::testkit   a host for tests, <tillbridge/testkit/...>
#   (these two where CXX is among the project's languages; they need Boost.JSON)
#   tillbridge_plugin(NAME SOURCES … [LINK …])   the library beside its manifest, in build/NAME/
#   tillbridge_descriptor(TARGET)   the manifest's id, name and version for a test that holds the sources
#   TILLBRIDGE_PLUGIN_TOOL   the program tillbridge-plugin
get_property(TILLBRIDGE_LANGUAGES GLOBAL PROPERTY ENABLED_LANGUAGES)
if(CXX IN_LIST TILLBRIDGE_LANGUAGES)
  include(CMakeFindDependencyMacro)
  find_dependency(Boost 1.81 COMPONENTS json)
endif()
get_filename_component(TILLBRIDGE_PREFIX "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(TILLBRIDGE_PLUGIN_TOOL ${TILLBRIDGE_PREFIX}/bin/tillbridge-plugin)

if(NOT TARGET Tillbridge::headers)
  add_library(Tillbridge::headers INTERFACE IMPORTED)
  target_include_directories(Tillbridge::headers INTERFACE ${TILLBRIDGE_PREFIX}/include)
endif()
if(CXX IN_LIST TILLBRIDGE_LANGUAGES AND NOT TARGET Tillbridge::sdk)
  foreach(name IN ITEMS sdk testkit)
    add_library(Tillbridge::${name} STATIC IMPORTED)
    set_target_properties(Tillbridge::${name} PROPERTIES
      IMPORTED_LOCATION ${TILLBRIDGE_PREFIX}/lib/libtillbridge_${name}.a)
    target_compile_features(Tillbridge::${name} INTERFACE cxx_std_23)
    target_compile_definitions(Tillbridge::${name} INTERFACE BOOST_ERROR_CODE_HEADER_ONLY)
  endforeach()
  target_link_libraries(Tillbridge::sdk INTERFACE Tillbridge::headers Boost::json)
  target_link_libraries(Tillbridge::testkit INTERFACE Tillbridge::sdk)
endif()

# The descriptor compiled into the library is the manifest's: one source for both. In a header, for a
# definition on the command line would have a name's quotes, dollars and semicolons read on the way.
function(tillbridge_descriptor target)
  file(READ manifest.json manifest)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS manifest.json)
  set(text "")
  foreach(key id name version)
    string(JSON value GET "${manifest}" ${key})
    string(TOUPPER ${key} upper)
    string(REPLACE "\\" "\\\\" value "${value}")
    string(REPLACE "\"" "\\\"" value "${value}")
    string(APPEND text "#define TILL_PLUGIN_${upper} \"${value}\"\n")
  endforeach()
  set(header ${CMAKE_CURRENT_BINARY_DIR}/tillbridge_${target}.h)
  set(before "")
  if(EXISTS ${header})
    file(READ ${header} before)
  endif()
  if(NOT "${before}" STREQUAL "${text}")
    file(WRITE ${header} "${text}")
  endif()
  target_compile_options(${target} PRIVATE "SHELL:-include \"${header}\"")
endfunction()

function(tillbridge_plugin name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  set(folder ${CMAKE_BINARY_DIR}/${name})
  add_library(${name} MODULE ${arg_SOURCES})
  if("${arg_SOURCES}" MATCHES "\\.(cpp|cc|cxx)")
    target_link_libraries(${name} PRIVATE Tillbridge::sdk)
  else()
    target_link_libraries(${name} PRIVATE Tillbridge::headers)
  endif()
  target_link_libraries(${name} PRIVATE ${arg_LINK})
  set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${folder}
    POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON C_STANDARD 11 C_EXTENSIONS OFF CXX_STANDARD 23)
  target_link_options(${name} PRIVATE
    -Wl,--version-script=${TILLBRIDGE_PREFIX}/share/tillbridge/plugin.map
    -Wl,-Bsymbolic-functions -Wl,-z,relro -Wl,-z,now -Wl,--no-undefined)
  tillbridge_descriptor(${name})
  file(GLOB files RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS manifest.json README.md
    models.json recordings/*.json)
  foreach(file IN LISTS files)
    configure_file(${file} ${folder}/${file} COPYONLY)
  endforeach()
  # A recording that is taken away or renamed leaves the package too.
  set(gone ${TILLBRIDGE_COPIED_${name}})
  list(REMOVE_ITEM gone ${files})
  foreach(file IN LISTS gone)
    file(REMOVE ${folder}/${file})
  endforeach()
  set(TILLBRIDGE_COPIED_${name} ${files} CACHE INTERNAL "what stands beside the library")
endfunction()
