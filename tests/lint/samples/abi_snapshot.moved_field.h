path: sdk/include/tillbridge/instance.h
typedef struct till_descriptor {
  uint32_t size;
  const char* name;
  const char* id;
  const char* version;
} till_descriptor;
