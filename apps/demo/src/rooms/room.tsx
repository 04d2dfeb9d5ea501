import { useEnter } from '@earshot/react'
import type { ReactElement } from 'react'
import type { Profile } from '../me/profile.ts'
import { Canvas } from './canvas.tsx'
import { Chat } from './chat.tsx'
import './room.css'

/** One room: who enters it hears its chat and sees its canvas. */
export function Room({ name, profile }: { name: string; profile: Profile }): ReactElement {
  useEnter(`rooms/${name}`, profile)
  return (
    <div className="room" data-testid="room">
      <Chat room={name} />
      <Canvas room={name} color={profile.color} />
    </div>
  )
}
