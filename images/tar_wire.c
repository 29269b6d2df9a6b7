#include "images/tar_wire.h"

int tar_send_opening(int socket, const struct tar_opening *opening, int descriptor)
{
    struct tar_opening copy = *opening;
    const struct image_message message = {&copy, sizeof copy, 1, {descriptor}};
    return image_send(socket, &message);
}

int tar_receive_opening(int socket, struct tar_opening *opening)
{
    struct image_message message = {.bytes = opening, .size = sizeof *opening};
    if (image_receive(socket, &message) <= 0 || message.count != 1)
        return -1;
    return message.descriptors[0];
}
