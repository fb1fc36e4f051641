<?php

// SPDX-License-Identifier: ISC
// Trap handler for LibreNMS.
// Made from SRCPORT-MIB by `make conf`: change the generator in tests/nms/, not this.

namespace LibreNMS\Snmptrap\Handlers;

use App\Models\Device;
use LibreNMS\Enum\Severity;
use LibreNMS\Interfaces\SnmptrapHandler;
use LibreNMS\Snmptrap\Trap;

class SrcPortSuppressed implements SnmptrapHandler
{
    public function handle(Device $device, Trap $trap)
    {
        $text = $trap->getOidData($trap->findOid('SRCPORT-MIB::srcPortSystemMessage'));
        $reference = null;
        $trap->log($text, Severity::Warning, 'srcport', $reference);
    }
}
