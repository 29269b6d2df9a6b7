/* The bytes behind model/builtin.h. */
        .section .rodata
        .globl builtin_model
        .globl builtin_model_size
        .hidden builtin_model
        .hidden builtin_model_size
        .balign 4096 /* a page: what is not used is not read from the disk */
builtin_model:
        .incbin "model/builtin.safetensors"
builtin_model_end:
        .balign 8
builtin_model_size:
        .quad builtin_model_end - builtin_model
        .section .note.GNU-stack, "", %progbits
