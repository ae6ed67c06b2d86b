# make install and the Debian package: the program (installed by src/cli), the runtime that it loads from
# ../lib/edgeopt/, its man page and completions (which it prints itself), and the licences of what is in it.
include(GNUInstallDirs)
set(doc_dir ${CMAKE_INSTALL_DATAROOTDIR}/doc/edgeopt)
set(pages_dir ${CMAKE_BINARY_DIR}/pages)

# An arm64 program runs under the emulator.
install(CODE "
  foreach(page IN ITEMS \"edgeopt.1|man\" \"edgeopt.bash|completion;bash\" \"_edgeopt|completion;zsh\"
                        \"edgeopt.fish|completion;fish\")
    string(REPLACE \"|\" \";\" words \"\${page}\")
    list(POP_FRONT words file)
    execute_process(COMMAND ${CMAKE_CROSSCOMPILING_EMULATOR} \"$<TARGET_FILE:edgeopt>\" \${words}
                    OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
    file(WRITE \"${pages_dir}/\${file}\" \"\${text}\")
  endforeach()")
install(FILES ${pages_dir}/edgeopt.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${pages_dir}/edgeopt.bash RENAME edgeopt
        DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions)
install(FILES ${pages_dir}/_edgeopt DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/zsh/vendor-completions)
install(FILES ${pages_dir}/edgeopt.fish DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/fish/vendor_completions.d)

set(runtime_dir ${EDGEOPT_ONNXRUNTIME_DIR}/${CMAKE_SYSTEM_PROCESSOR})
set(litert_dir ${EDGEOPT_LITERT_DIR}/${CMAKE_SYSTEM_PROCESSOR})
# Not GNUInstallDirs' lib/<triplet>: the program looks beside itself, in ../lib/edgeopt.
install(FILES ${runtime_dir}/lib/libonnxruntime.so.1 ${litert_dir}/lib/libLiteRt.so DESTINATION lib/edgeopt)

install(FILES ${CMAKE_SOURCE_DIR}/THIRD_PARTY.md DESTINATION ${doc_dir})
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE RENAME copyright DESTINATION ${doc_dir})
install(FILES ${runtime_dir}/LICENSE RENAME onnxruntime DESTINATION ${doc_dir}/licenses)
install(FILES ${runtime_dir}/ThirdPartyNotices.txt RENAME onnxruntime-third-party
        DESTINATION ${doc_dir}/licenses)
# The wheel has no licence file; its METADATA names the licence (Apache 2.0, as this program's).
install(FILES ${litert_dir}/METADATA RENAME litert DESTINATION ${doc_dir}/licenses)
install(FILES ${EDGEOPT_ONNX_DIR}/LICENSE RENAME onnx DESTINATION ${doc_dir}/licenses)
foreach(package libprotobuf-dev nlohmann-json3-dev libcli11-dev libtomlplusplus-dev)
  string(REGEX REPLACE "^lib|[0-9]*-dev$" "" part ${package})
  install(FILES /usr/share/doc/${package}/copyright RENAME ${part} DESTINATION ${doc_dir}/licenses)
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The edgeopt developers <developers@edgeopt.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "optimizer of machine-learning models for edge devices")
set(CPACK_PACKAGE_DESCRIPTION
    "edgeopt measures a trained model on real data, tries optimizations one at a time, keeps those that
are faster and accurate enough, and packages the winner with the proof.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL aarch64)
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64)
endif()
include(CPack)
