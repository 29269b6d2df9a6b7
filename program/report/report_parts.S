/* The bytes behind report_parts.h: files that make has joined. */
        .macro part name, file
        .section .rodata
bytes_\name:
        .incbin "\file"
end_\name:
        .section .data.rel.ro, "aw"
        .globl report_\name
        .hidden report_\name
        .balign 8
report_\name:
        .quad bytes_\name
        .quad end_\name - bytes_\name
        .endm

        part frame, "report/index.html"
        part style, "style.css"
        part worker, "worker.js"
        part code, "code.js"
        part review_style, "review/style.css"
        part review_worker, "review/worker.js"
        part review_code, "review/code.js"
        .section .note.GNU-stack, "", %progbits
