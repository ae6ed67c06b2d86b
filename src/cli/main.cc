// The program: only dispatches.
#include "cli/app.h"

int main(int argc, char** argv) { return edgeopt::cli::Main(argc, argv); }
