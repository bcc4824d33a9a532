# Debian's packages that the product is built with; ./do installs them.

find_package(Threads REQUIRED)
find_package(TBB REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(hwy REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(ZLIB REQUIRED)
find_package(Protobuf REQUIRED)  # before ONNX, whose targets name it
find_package(ONNX REQUIRED)
find_package(valijson REQUIRED)
