// STUB: tasks. On this port the stack depth is in bytes.
#pragma once

#include <stdint.h>

typedef int BaseType_t;
typedef unsigned int UBaseType_t;
typedef struct tskTaskControlBlock* TaskHandle_t;
#define pdPASS (1)

extern "C" {
BaseType_t xTaskCreate(void (*task)(void*), const char* name, uint32_t stack_depth, void* argument,
                       UBaseType_t priority, TaskHandle_t* created);
void vTaskDelete(TaskHandle_t task);
}
