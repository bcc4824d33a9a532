# The page of results: its template and the charting library, embedded into the binary.
#
# Plotly's basic bundle (MIT) comes from the npm registry, in the version that package-lock.json pins with
# its checksum. Without npm, or without a way to the registry, the build goes on: pages then hold tables
# only, and say so. -DMANTISSA_PLOTLY=/path/to/plotly-basic.min.js takes the bundle from elsewhere.

set(MANTISSA_PLOTLY "" CACHE FILEPATH "Plotly's basic bundle; empty: from the npm registry")
set(MANTISSA_NODE_MODULES ${PROJECT_BINARY_DIR}/npm/node_modules)
set(MANTISSA_PAGE_DIRECTORY ${PROJECT_SOURCE_DIR}/src/report/page)
find_program(NPM_PROGRAM npm)

# Installs what package-lock.json lists into the build folder, once for each content of that file.
function(mantissa_install_node_packages)
  set(folder ${PROJECT_BINARY_DIR}/npm)
  set(lock ${PROJECT_SOURCE_DIR}/package-lock.json)
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${lock})
  file(SHA256 ${lock} wanted)
  set(present "")
  if(EXISTS ${folder}/installed)
    file(READ ${folder}/installed present)
  endif()
  if(present STREQUAL wanted OR NOT NPM_PROGRAM)
    return()
  endif()
  message(STATUS "Installing the page's node packages")
  file(COPY ${lock} ${PROJECT_SOURCE_DIR}/package.json DESTINATION ${folder})
  execute_process(
    COMMAND ${NPM_PROGRAM} ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error
    WORKING_DIRECTORY ${folder} RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE complaint TIMEOUT 300)
  if(status EQUAL 0)
    file(WRITE ${folder}/installed ${wanted})
  else()
    message(STATUS "npm could not install them: ${complaint}")
  endif()
endfunction()

mantissa_install_node_packages()
if(MANTISSA_PLOTLY)
  if(NOT EXISTS ${MANTISSA_PLOTLY})
    message(FATAL_ERROR "MANTISSA_PLOTLY: there is no file ${MANTISSA_PLOTLY}")
  endif()
  set(charting ${MANTISSA_PLOTLY})
elseif(EXISTS ${MANTISSA_NODE_MODULES}/plotly.js-basic-dist-min/plotly-basic.min.js)
  set(charting ${MANTISSA_NODE_MODULES}/plotly.js-basic-dist-min/plotly-basic.min.js)
else()
  set(charting "")
  message(WARNING "report.html will have no charts: Plotly's basic bundle is missing. Install npm "
    "(apt-get install nodejs npm) and configure again with a way to the npm registry, or give the file: "
    "-DMANTISSA_PLOTLY=/path/to/plotly-basic.min.js")
endif()

# Adds the embedded page to `target`. Called in the folder that declares the target.
function(mantissa_embed_page target)
  set(output ${PROJECT_BINARY_DIR}/generated/page_assets.cpp)
  # In the order of their use: each file may call what stands before it.
  list(TRANSFORM MANTISSA_PAGE_SCRIPTS PREPEND ${MANTISSA_PAGE_DIRECTORY}/ OUTPUT_VARIABLE scripts)
  set(html ${MANTISSA_PAGE_DIRECTORY}/page.html)
  set(style ${MANTISSA_PAGE_DIRECTORY}/page.css)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DHTML=${html} -DSTYLE=${style} "-DSCRIPTS=${scripts}"
            -DCHARTING=${charting} -P ${PROJECT_SOURCE_DIR}/cmake/embed_page.cmake
    DEPENDS ${html} ${style} ${scripts} ${charting} ${PROJECT_SOURCE_DIR}/cmake/embed_page.cmake
    COMMENT "Embedding the page of results" VERBATIM)
  # Long literals are what this file is for; clang counts them against the standard's minimum of 65536.
  set_source_files_properties(${output} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
  target_sources(${target} PRIVATE ${output})
endfunction()

set(MANTISSA_PAGE_SCRIPTS quantities.js result.js charts.js front.js point.js events.js table.js page.js)
