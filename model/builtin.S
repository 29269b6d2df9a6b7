/* The bytes behind model/builtin.h. */
        .section .rodata
        .globl builtin_model
        .globl builtin_model_size
        .balign 64
builtin_model:
        .incbin "model/builtin.safetensors"
builtin_model_end:
        .balign 8
builtin_model_size:
        .quad builtin_model_end - builtin_model
        .section .note.GNU-stack, "", %progbits
