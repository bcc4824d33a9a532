#pragma once

/// Facts fixed when the program was built.
namespace mantissa::build_info {

extern const char* const kVersion;  ///< "0.1.0"
extern const char* const
    kGitRevision;  ///< short hash, "-dirty" behind it if the tree was changed; "unknown"
extern const char* const kCompiler;         ///< "GNU 12.2.0"
extern const char* const kBuildType;        ///< "Release"
extern const char* const kSourceDirectory;  ///< where the source tree was
extern const char* const
    kGeneratedDirectory;  ///< where the build put generated data (charting library)

}  // namespace mantissa::build_info
