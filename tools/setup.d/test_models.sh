# Real models that tests read: one network as ONNX, as TFLite and as SavedModel, so that each runtime is the others'
# independent truth.

readonly basic_pitch_version=0.4.0

install_test_models() {
  local destination=$cache/basic-pitch-$basic_pitch_version key work
  key="basic-pitch $basic_pitch_version in three formats $(requirements_key test-models)"
  is_current "$destination" "$key" && return 0
  say "fetching the tests' models"
  work=$(new_temp_folder)
  fetch_wheel x86_64 test-models "$work/wheel"
  local models=basic_pitch/saved_models/icassp_2022 about=basic_pitch-$basic_pitch_version.dist-info
  unpack_wheel "$work/wheel" "$work/out" "$models/nmp.onnx=nmp.onnx" "$models/nmp.tflite=nmp.tflite" \
    "$models/nmp/saved_model.pb=nmp/saved_model.pb" \
    "$models/nmp/variables/variables.index=nmp/variables/variables.index" \
    "$models/nmp/variables/variables.data-00000-of-00001=nmp/variables/variables.data-00000-of-00001" \
    "$about/LICENSE=LICENSE" "$about/NOTICE=NOTICE"
  publish "$work/out" "$destination" "$key"
}
