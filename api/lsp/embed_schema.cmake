# Writes OUTPUT: a C++ source with the text of SCHEMA as FUNCTION(), which HEADER declares.
# Run at build time: cmake -DSCHEMA=file -DHEADER=header -DFUNCTION=name -DOUTPUT=file -P embed_schema.cmake

# In pieces: a string literal may have 64 KiB only.
file(READ ${SCHEMA} text)
string(LENGTH "${text}" left)
set(source "#include \"${HEADER}\"\n\nnamespace fermata {\n\nstd::string_view ${FUNCTION}() {\n  static constexpr std::string_view text =\n")
set(from 0)
while(left GREATER 0)
  string(SUBSTRING "${text}" ${from} 8000 piece)
  string(APPEND source "      R\"~schema~(${piece})~schema~\"\n")
  math(EXPR from "${from} + 8000")
  math(EXPR left "${left} - 8000")
endwhile()
string(APPEND source "      \"\";\n  return text;\n}\n\n}  // namespace fermata\n")
file(WRITE ${OUTPUT} "${source}")
