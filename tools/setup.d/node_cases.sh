# ONNX's own test cases, which the tests read: models with inputs and expected outputs, written by its Python package
# in an environment that is removed afterwards.

install_node_cases() {
  local destination=$cache/node-cases-$onnx_version work
  [[ -d $destination ]] && return
  say "writing ONNX's own test cases"
  work=$(new_temp_folder)
  make_venv "$work/venv" node-cases
  "$work/venv/bin/python" "$tools/../tests/formats/node_cases/collect.py" "$work/cases" >"$work/log" 2>&1 ||
    fail "ONNX's Python package could not write them: $(tail -n 5 "$work/log")"
  mv -T "$work/cases" "$destination"
}
