# Writes OUTPUT: a C++ source with the text of every page in PAGES (docs/errors) and of OPENAPI, as error_pages.h declares them.
# Run at build time: cmake -DPAGES=dir -DOPENAPI=file -DOUTPUT=file -P embed_texts.cmake

file(GLOB pages ${PAGES}/FM-*.md)
list(SORT pages)
set(source "#include \"api/handlers/error_pages.h\"\n\nnamespace fermata {\n\nconst std::vector<ErrorPage>& ErrorPages() {\n  static const std::vector<ErrorPage> pages = {\n")
foreach(page ${pages})
  file(READ ${page} text)
  get_filename_component(code ${page} NAME_WE)
  string(APPEND source "      {\"${code}\", R\"~page~(${text})~page~\"},\n")
endforeach()
string(APPEND source "  };\n  return pages;\n}\n\nstd::string_view OpenApiText() {\n  static constexpr std::string_view text =\n")
# In pieces: a string literal may have 64 KiB only.
file(READ ${OPENAPI} openapi)
string(LENGTH "${openapi}" left)
set(from 0)
while(left GREATER 0)
  string(SUBSTRING "${openapi}" ${from} 8000 piece)
  string(APPEND source "      R\"~page~(${piece})~page~\"\n")
  math(EXPR from "${from} + 8000")
  math(EXPR left "${left} - 8000")
endwhile()
string(APPEND source "      \"\";\n  return text;\n}\n\n}  // namespace fermata\n")
file(WRITE ${OUTPUT} "${source}")
